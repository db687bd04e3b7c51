#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs-run returns its command's status: 0 to 255, 128+n for a signal, 127 and 126.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
status() { # WANT COMMAND...
    local want=$1 got=0
    shift
    "$@" >"$T/out" 2>&1 || got=$?
    [ "$got" = "$want" ] || { cat "$T/out"; fail "$*: status $got instead of $want"; }
}
status 0 algofs_run true
status 0 algofs_run -- cat "$P/file"
status 1 algofs_run -- cat "$P/none"
status 3 algofs_run -- sh -c 'exit 3'
status 255 algofs_run sh -c 'exit 255'
status $((128 + 15)) algofs_run -- sh -c 'kill -TERM $$'
status $((128 + 9)) algofs_run -- sh -c 'kill -KILL $$'
status 127 algofs_run -- /nonexistent/command
grep -q 'nonexistent' "$T/out" || fail "the missing command is not named: $(cat "$T/out")"
status 127 algofs_run -- no-such-command-anywhere
status 126 algofs_run -- /etc/passwd
expect hello algofs_run -- cat "$P/file"
expect "a b  c" algofs_run -- printf '%s %s %s' a b ' c'
expect typed algofs_run -- cat <<<typed
