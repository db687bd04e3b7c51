#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs-run with a cache disk that fills up under the command, or is full before it: the command's own status.
if [ "$(id -u)" = 0 ] && [ "${1:-}" != inside ] && unshare -m true 2>/dev/null; then
    exec unshare -m "$0" inside # mounts are gone with it
fi
. "$(dirname "$0")/../lib.sh"
not_plain
[ "${1:-}" = inside ] || skip "only root can mount a small disk"
seq 1000 >"$SRC/small"
head -c 9M /dev/urandom >"$SRC/large"
serve
mount -t tmpfs -o size=3m,mode=755 small "$ALGOFS_CACHE" || skip "tmpfs cannot be mounted here"
chown 65534:65534 "$ALGOFS_CACHE"
chmod 700 "$ALGOFS_CACHE"
fill() { as_user dd if=/dev/zero of="$ALGOFS_CACHE/filler" bs=4k oflag=append conv=notrunc status=none 2>/dev/null || true; }
status_of() { # of a command under algofs-run
    local status=0
    as_user "$BUILD/bin/algofs-run" --report "$@" >"$T/out" 2>"$T/err" || status=$?
    echo $status
}

note "filled by the command"
expect_equal "status" 7 "$(status_of sh -c 'cat "$0" >/dev/null; dd if=/dev/zero of="$1" bs=4k status=none 2>/dev/null; ls -l "$0" >/dev/null; exit 7' \
    "$P/small" "$ALGOFS_CACHE/filler")"
grep -q -i "program\|calls" "$T/err" || fail "no report: $(cat "$T/err")"

note "full before it"
fill
expect_equal "status" 5 "$(status_of sh -c 'exit 5')"
grep -q "no report: " "$T/err" || fail "nothing is said of the report: $(cat "$T/err")"
expect_equal "what it read before" 0 "$(status_of cmp "$P/small" "$SRC/small")"

note "a file that does not fit is read through, and what is written fails with the reason"
rm "$ALGOFS_CACHE/filler"
expect_equal "cmp" 0 "$(status_of cmp "$P/large" "$SRC/large")"
fill
expect_equal "cmp on the full disk" 0 "$(status_of cmp "$P/large" "$SRC/large")"
expect_equal "cp" 1 "$(status_of cp "$SRC/large" "$P/written")"
grep -q "No space left" "$T/err" || fail "the reason is not said: $(cat "$T/err")"
algofs stop >/dev/null
