#!/bin/bash
# SPDX-License-Identifier: MIT
# An agent with nothing to do leaves after ALGOFS_IDLE seconds; the next call starts another.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
export ALGOFS_IDLE=1
expect hello in_prefix cat "$P/file"
grep -q "serves" "$ALGOFS_CACHE/agent.log" || fail "there was no agent"
for _ in $(seq 300); do
    [ -n "$(agent_pids)" ] || break
    sleep 0.2
done
expect_equal "agents that are left" "" "$(agent_pids)"
settle
export ALGOFS_IDLE=120
before=$(wc -l <"$SERVER_LOG")
expect hello in_prefix cat "$P/file"
agents_are 1
note "what was fetched is still here: the file is not asked for again"
settle
tail -n +"$((before + 1))" "$SERVER_LOG"
expect_equal "requests for the file" 1 "$(count_requests GET '/set/file([?].*)?$')"
