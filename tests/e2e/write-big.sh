#!/bin/bash
# SPDX-License-Identifier: MIT
# A big file (BIG_MB, 1024; 4096 in the long form) goes there and back while the agent stays small.
. "$(dirname "$0")/../lib-write.sh"
not_plain
BIG_MB=${BIG_MB:-1024}
LIMIT_KIB=$((200 * 1024))
free=$(df --output=avail -m "$T" | tail -n 1)
[ "$free" -gt $((BIG_MB * 3 + 2000)) ] || skip "three times $BIG_MB MB do not fit on the disk"
serve_collection
memory() { # prints the most that the agents have used
    local pid most=0 kib
    for pid in $(agent_pids); do
        kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
        [ "$kib" -le "$most" ] || most=$kib
    done
    echo "$most"
}
check_memory() {
    local kib
    kib=$(memory)
    note "VmHWM of the agent, $1: $kib KiB"
    [ "$kib" -gt 0 ] || fail "no agent was found"
    [ -n "${ALGOFS_SANITIZED:-}" ] || [ "$kib" -lt "$LIMIT_KIB" ] || fail "more than $LIMIT_KIB KiB"
}
sum=$(in_prefix DIR="$C" "$PYTHON" - "$BIG_MB" <<'END'
import hashlib, os, random, sys
from libsay import DIR
block = random.Random(1).randbytes(1 << 20)
digest = hashlib.sha256()
fd = os.open(DIR + "/big", os.O_WRONLY | os.O_CREAT, 0o644)
for number in range(int(sys.argv[1])):
    piece = b"%016d" % number + block[16:]
    digest.update(piece)
    assert os.write(fd, piece) == len(piece)
os.close(fd)
print(digest.hexdigest())
END
) || fail "writing"
check_memory "after writing $BIG_MB MB"
expect_equal "size at the server" $((BIG_MB * 1048576)) "$(stat -c %s "$REMOTE/big")"
expect_equal "sum at the server" "$sum  -" "$(sha256sum <"$REMOTE/big")"
algofs stop >/dev/null
rm -rf "$ALGOFS_CACHE"
fresh_cache
# shellcheck disable=SC2016
expect "$sum  -" in_prefix sh -c 'sha256sum <"$0/big"' "$C"
check_memory "after reading $BIG_MB MB"
