#!/bin/bash
# SPDX-License-Identifier: MIT
# cache_only=yes: what is here is served, without asking anybody, also by an agent that has just started; what
# is not here is EIO, and the log says why; changes are refused; it ends when the file says so.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir -p "$SRC/sub" "$SRC/never" "$SRC/quiet" # quiet: nothing in it is opened, so nothing is read ahead
echo here >"$SRC/here"
echo away >"$SRC/quiet/away"
echo deep >"$SRC/sub/deep"
echo never >"$SRC/never/file"
head -c 9000000 /dev/urandom >"$SRC/quiet/big"
chmod -R a+rX "$SRC"
TTL=0 serve
export ALGOFS_CONFIG=$T/config
settings() { printf '[data]\ntype = algorithmia\n%s\n' "$*" >"$ALGOFS_CONFIG"; chmod 644 "$ALGOFS_CONFIG"; }

settings
expect "here
never
quiet
sub" in_prefix ls "$P"
expect "away
big" in_prefix ls "$P/quiet"
expect here in_prefix cat "$P/here"
expect deep in_prefix cat "$P/sub/deep"
expect here in_prefix cat /algo/data/.my/here

offline() {
    expect "here
never
quiet
sub" in_prefix ls "$P"
    expect "away
big" in_prefix ls "$P/quiet"
    expect here in_prefix cat "$P/here"
    expect deep in_prefix cat "$P/sub/deep"
    expect 5 in_prefix stat -c %s "$P/quiet/away" # its size is known
    expect_failure 'Input/output error' in_prefix cat "$P/quiet/away"
    expect_failure 'Input/output error' in_prefix cat "$P/quiet/big"
    expect_failure 'Input/output error' in_prefix ls "$P/never"
    expect_failure 'Input/output error' in_prefix cat "$P/never/file"
    expect_failure 'Input/output error' in_prefix ls /algo/data/somebody
    expect_failure 'No such file' in_prefix cat "$P/none" # its folder was listed
    expect_failure 'No such file' in_prefix cat "$P/sub/none/none"
    expect_failure 'Not a directory' in_prefix cat "$P/here/none"
    expect_failure 'Read-only file system' in_prefix sh -c 'echo x >"$0"' "$P/new"
    expect_failure 'Read-only file system' in_prefix sh -c 'echo x >"$0"' "$P/here"
    expect_failure 'Read-only file system' in_prefix rm -f "$P/here"
    expect here in_prefix cat /algo/data/.my/here
    log_line "cannot (fetch|list|look up) \"data/set/[a-z/]+.*cache_only=yes"
}

note "with the agent that has fetched it"
# Who asked it now would wait in vain.
trap 'status=$?; kill -CONT "$SERVER_PID"; (exit "$status"); clean_up' EXIT
kill -STOP "$SERVER_PID"
settings 'cache_only = yes'
offline

note "with another agent"
algofs stop
offline

note "online again: what was answered offline is asked anew"
echo changed >"$SRC/new"
chmod a+r "$SRC/new"
kill -CONT "$SERVER_PID"
settings
expect changed in_prefix cat "$P/new"
expect away in_prefix cat "$P/quiet/away"
expect never in_prefix cat "$P/never/file"
in_prefix sh -c 'echo written >"$0"' "$P/written"
expect written cat "$SRC/written"
