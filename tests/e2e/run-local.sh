#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs-run --local serves a folder without account or network, for as long as its command lives.
. "$(dirname "$0")/../lib.sh"
not_plain
use_prefix
unset ALGORITHMIA_API ALGORITHMIA_API_KEY
mkdir "$SRC/sub"
echo hello >"$SRC/file"
echo deep >"$SRC/sub/file"
chmod -R a+rX "$SRC"
expect hello algofs_run --local "$SRC" -- cat /algo/data/local/file
expect deep algofs_run --local "$SRC" -- cat /algo/data/.my/sub/file
algofs_run --local "$SRC" -- ls -R /algo >"$T/said" || fail "ls -R /algo"
grep -qx file "$T/said" || { cat "$T/said"; fail "ls -R /algo does not show the file"; }
servers() { # those that serve our folder
    local dir
    for dir in /proc/[0-9]*; do
        { tr '\0' ' ' <"$dir/cmdline"; } 2>/dev/null | grep -q "^[^ ]*algofs-server .*$SRC" && echo "${dir#/proc/}"
    done
    return 0
}
algofs_run --local "$SRC" -- sh -c 'until [ -e "$0" ]; do sleep 0.1; done' "$T/seen" &
runner=$!
for _ in $(seq 600); do [ -z "$(servers)" ] || break; sleep 0.1; done
[ -n "$(servers)" ] || fail "no server is seen while the command runs"
touch "$T/seen"
wait "$runner"
for _ in $(seq 600); do [ -n "$(servers)" ] || break; sleep 0.1; done
expect_equal "servers after the command" "" "$(servers)"
expect_failure 'none' algofs_run --local "$T/none" -- true

note "two at once, each with its own"
mkdir "$T/second"
echo second >"$T/second/file"
algofs_run --local "$T/second" -- sh -c 'sleep 0.5; cat /algo/data/local/file' >"$T/two" &
runner=$!
expect hello algofs_run --local "$SRC" -- cat /algo/data/local/file
wait "$runner"
expect second cat "$T/two"
