#!/bin/bash
# SPDX-License-Identifier: MIT
# Paths outside the prefix cost no system call of ours: strace shows the same calls with and without.
. "$(dirname "$0")/../lib.sh"
not_plain
require strace
strace -o "$T/try" true 2>/dev/null || skip "strace is not allowed here"
need_helper warm-loop
head -c 4096 /dev/urandom >"$SRC/file"
serve
trace() { # NAME [OPTION of strace...]
    local name=$1 loop
    shift
    for loop in stat read; do
        as_user strace "$@" -o "$T/home/trace" "$HELPERS/warm-loop" $loop "$SRC/file" 50
        sed -n '/algofs-loop-begins/,/algofs-loop-ends/p' "$T/home/trace" | sed 's/(.*//'
    done >"$T/$name"
}
trace without
trace with -E LD_PRELOAD="$LIB"
[ "$(wc -l <"$T/without")" -gt 200 ] || fail "the loop was not traced"
expect_same "$T/without" "$T/with"
[ -z "$(agent_pids)" ] || fail "an agent was started for nothing"
