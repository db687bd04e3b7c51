#!/bin/bash
# SPDX-License-Identifier: MIT
# A file larger than the disk of the cache is read through to its end, and again.
if [ "$(id -u)" = 0 ] && [ "${1:-}" != inside ] && unshare -m true 2>/dev/null; then
    exec unshare -m "$0" inside # mounts are gone with it
fi
. "$(dirname "$0")/../lib.sh"
not_plain
[ "${1:-}" = inside ] || skip "only root can mount a small disk"
head -c 64M /dev/urandom >"$SRC/large"
serve
mount -t tmpfs -o size=24m,mode=755 small "$ALGOFS_CACHE" || skip "tmpfs cannot be mounted here"
chown 65534:65534 "$ALGOFS_CACHE"
chmod 700 "$ALGOFS_CACHE"
in_prefix cmp "$P/large" "$SRC/large" || fail "64 MiB through a disk of 24"
in_prefix cmp "$P/large" "$SRC/large" || fail "a second time"
note "what has to stay does not fit: an error that says so, and no zeros"
expect_failure "No space left" in_prefix "$PYTHON" -c 'import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
view = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
print(view[:] == open(sys.argv[2], "rb").read())' "$P/large" "$SRC/large"
note "when nobody has it mapped any more, and the agent has noticed, there is room again"
for _ in $(seq 30); do
    if in_prefix cmp "$P/large" "$SRC/large" 2>"$T/why"; then
        : >"$T/read"
        break
    fi
    sleep 3
done
[ -e "$T/read" ] || fail "still no room: $(cat "$T/why")"
algofs stop >/dev/null
