#!/bin/bash
# SPDX-License-Identifier: MIT
# The agent has no key in its arguments or its environment; its cache and socket are private.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
expect hello in_prefix cat "$P/file"
pid=$(agent_pids)
[ -n "$pid" ] || fail "there is no agent"
# As the one who runs the tests: what even root can see. (An agent may hide its environment from its user.)
cat "/proc/$pid/cmdline" "/proc/$pid/environ" >"$T/seen" 2>/dev/null || true
[ -s "$T/seen" ] || fail "nothing can be seen of the agent"
if grep -aqF "$KEY" "$T/seen"; then fail "the key can be seen in /proc"; fi
if grep -aq LD_PRELOAD "$T/seen"; then fail "the agent has the shim in its environment"; fi
if grep -rqF "$KEY" "$ALGOFS_CACHE"; then fail "the key is in the cache folder"; fi
open_to_others=$(find "$ALGOFS_CACHE" -maxdepth 0 -perm /077)
[ -z "$open_to_others" ] || fail "others can enter $open_to_others"

note "it holds nothing of the process that started it"
if ls -l "/proc/$pid/fd" >"$T/fds" 2>/dev/null; then
    if grep -E 'pipe:|/dev/pts|server\.' "$T/fds"; then cat "$T/fds"; fail "the agent holds a stranger's descriptor"; fi
    expect_equal "its working directory" / "$(readlink "/proc/$pid/cwd")"
fi
