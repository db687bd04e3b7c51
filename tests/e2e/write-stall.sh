#!/bin/bash
# SPDX-License-Identifier: MIT
# A server that answers no upload: other files go on, reading goes on, and the bytes come when it is well again.
. "$(dirname "$0")/../lib-write.sh"
not_plain
: >"$T/faults"
chmod 644 "$T/faults"
echo readable >"$T/readable"
serve_collection --fault-file "$T/faults"
cp "$T/readable" "$REMOTE/readable"
echo "match=PUT:/c/stalled,stall=3600" >"$T/faults"
kill -HUP "$SERVER_PID"
sleep 0.2
in_prefix sh -c 'echo stalled >"$0/stalled"' "$C" 2>"$T/said" &
writer=$!
sleep 1
note "others go on meanwhile"
expect readable in_prefix cat "$C/readable"
in_prefix sh -c 'echo other >"$0/other"' "$C"
at_server other other
in_prefix ls "$C" | grep -qx stalled || fail "it is not listed"
expect stalled in_prefix cat "$C/stalled"
[ "$(count_left pending)" -ge 1 ] || fail "status shows nothing pending"
kill -0 "$writer" 2>/dev/null || fail "close did not wait: $(cat "$T/said")"
: >"$T/faults"
kill -HUP "$SERVER_PID"
note "the server is restarted: the connection breaks, the next try succeeds"
port=${URL##*:}
stop_server "$SERVER_PID"
sleep 0.5
"$BUILD/bin/algofs-server" --root "$T/root.0" --listen "127.0.0.1:$port" --key "$KEY" --user set --home "set=$SRC" \
    --log "$SERVER_LOG" >"$T/server.again.out" 2>"$T/server.again.err" </dev/null &
server_pids+=($!)
wait "$writer" || note "close said: $(cat "$T/said")"
drained
at_server stalled stalled
