#!/bin/bash
# SPDX-License-Identifier: MIT
# A warm stat is one system call and a warm open, read and close are the native ones: no message.
. "$(dirname "$0")/../lib.sh"
not_plain
require strace
strace -o "$T/try" true 2>/dev/null || skip "strace is not allowed here"
need_helper warm-loop
head -c 4096 /dev/urandom >"$SRC/file"
serve
in_prefix cat "$P/file" >/dev/null
rounds=500
# The loop stands between two calls of access() on marker names.
trace() {
    as_user strace -E LD_PRELOAD="$LIB" -o "$T/home/trace" "$HELPERS/warm-loop" "$1" "$P/file" "$rounds"
    sed -n '/algofs-loop-begins/,/algofs-loop-ends/p' "$T/home/trace" | sed '1d;$d' |
        sed 's/(.*//' | sort | uniq -c | awk '{ print $2, $1 }' >"$T/calls"
    cat "$T/calls"
}
total() { awk '{ n += $2 } END { print n + 0 }' "$T/calls"; }
only() {
    awk -v allowed=" $1 " 'index(allowed, " " $1 " ") == 0 { print "not a native call of this loop:", $0; bad = 1 }
        END { exit bad }' "$T/calls" || fail "the $2 loop does more than the native calls"
}
note stat
trace stat
only "newfstatat stat statx" stat
expect_equal "system calls for $rounds warm stats" "$rounds" "$(total)"

note "open, read, close"
trace read
only "open openat openat2 fstat newfstatat statx read pread64 close" read
[ "$(total)" -ge $((3 * rounds)) ] || fail "the loop was not traced"
[ "$(total)" -le $((4 * rounds)) ] || fail "$(total) system calls for $rounds rounds of open, read, close"
