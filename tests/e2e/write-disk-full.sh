#!/bin/bash
# SPDX-License-Identifier: MIT
# The cache's disk is full: ENOSPC from the write, what was written before is on the server, room helps.
if [ "$(id -u)" = 0 ] && [ "${1:-}" != inside ] && unshare -m true 2>/dev/null; then
    exec unshare -m "$0" inside # mounts are gone with it
fi
. "$(dirname "$0")/../lib-write.sh"
not_plain
[ "${1:-}" = inside ] || skip "only root can mount a small disk"
serve_collection
mount -t tmpfs -o size=24m,mode=755 small "$ALGOFS_CACHE" || skip "tmpfs cannot be mounted here"
chown 65534:65534 "$ALGOFS_CACHE"
chmod 700 "$ALGOFS_CACHE"
in_prefix sh -c 'for i in 1 2 3; do seq $((i * 10000)) >"$0/before$i"; done' "$C"
in_prefix DIR="$C" "$PYTHON" - <<'END' || fail "no ENOSPC from the write"
import errno, os, sys
from libsay import DIR, get
fd = os.open(DIR + "/large", os.O_WRONLY | os.O_CREAT, 0o644)
written = 0
try:
    while written < 40000000:
        written += os.write(fd, b"x" * 100000)
except OSError as error:
    assert error.errno == errno.ENOSPC, error
else:
    sys.exit("40 MB went into 24 MB")
print(written, "bytes, then ENOSPC")
assert get(DIR + "/before1").startswith(b"1\n2\n")
os.ftruncate(fd, 1000)
os.close(fd)
END
for i in 1 2 3; do seq $((i * 10000)) | cmp - "$REMOTE/before$i" || fail "before$i is not on the server"; done
drained
expect_equal "the cut file" 1000 "$(stat -c %s "$REMOTE/large")"
note "there is room again"
in_prefix rm "$C/large"
in_prefix sh -c 'seq 100000 >"$0/after"' "$C"
seq 100000 | cmp - "$REMOTE/after" || fail "after"
for i in 1 2 3; do seq $((i * 10000)) >"$T/wanted"; in_prefix cmp "$T/wanted" "$C/before$i" || fail "before$i"; done
expect_equal "files at the server" "after before1 before2 before3" "$(echo $(ls "$REMOTE"))"
algofs stop >/dev/null
