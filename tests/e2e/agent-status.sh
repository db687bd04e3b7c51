#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs status, status --json, stop and version; a second stop, and stop without an agent, say so.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
expect hello in_prefix cat "$P/file"
pid=$(agent_pids)
algofs status >"$T/status" || fail "algofs status"
grep -qw "$pid" "$T/status" || { cat "$T/status"; fail "status does not show the agent's pid $pid"; }
grep -qF "$ALGOFS_CACHE" "$T/status" || { cat "$T/status"; fail "status does not show the cache"; }
if grep -F "$KEY" "$T/status"; then fail "status shows the key"; fi
algofs status --json >"$T/json" || fail "algofs status --json"
"$PYTHON" - "$T/json" "$pid" <<'END'
import json, sys
status = json.load(open(sys.argv[1]))
assert isinstance(status, dict) and status, status
assert int(sys.argv[2]) in status.values() or sys.argv[2] in json.dumps(status), "no pid: %s" % status
END
if grep -F "$KEY" "$T/json"; then fail "status --json shows the key"; fi
algofs version | grep -qE '[0-9]+\.[0-9]+' || fail "algofs version"
algofs stop || fail "algofs stop"
agents_are 0
algofs stop >"$T/again" 2>&1 || true
[ -s "$T/again" ] || fail "a second stop says nothing"
algofs status >"$T/again" 2>&1 || true
[ -s "$T/again" ] || fail "status without an agent says nothing"
expect_equal "agents after status" "" "$(agent_pids)"
expect hello in_prefix cat "$P/file"
expect_failure '.' algofs nonsense
