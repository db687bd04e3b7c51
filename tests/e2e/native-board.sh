#!/bin/bash
# SPDX-License-Identifier: MIT
# What one program has listed costs the next one no messages: it reads that off the board. What was made to be
# asked anew is asked, by the next program as well.
. "$(dirname "$0")/../lib.sh"
not_plain
require strace
strace -o "$T/try" true 2>/dev/null || skip "strace is not allowed here"
for i in $(seq 50); do
    mkdir "$SRC/d$i"
    echo "$i" >"$SRC/d$i/file"
done
serve
# walk: lists everything, and sets MESSAGES to how many it took.
walk() {
    in_prefix ls "$P" >/dev/null # starts the agent, so that strace does not follow it
    as_user strace -f -E LD_PRELOAD="$LIB" -e trace=sendmsg -o "$T/home/trace" find "$P" -type f >"$T/found"
    expect_equal "files that were found" 50 "$(wc -l <"$T/found")"
    MESSAGES=$(grep -c 'sendmsg(' "$T/home/trace")
}
walk
[ "$MESSAGES" -gt 50 ] || fail "$MESSAGES messages for 50 folders that nobody has listed"
walk
[ "$MESSAGES" -le 5 ] || fail "$MESSAGES messages for folders that have been listed a moment ago"
note "asked every time: no message is spared"
export ALGOFS_TTL=0
walk
[ "$MESSAGES" -gt 50 ] || fail "$MESSAGES messages with a TTL of 0"
note "another agent: its board is empty, and its tree is asked about again"
export ALGOFS_TTL=inf
algofs stop >/dev/null
agents_are 0
walk
[ "$MESSAGES" -gt 50 ] || fail "$MESSAGES messages to an agent that has listed nothing"
