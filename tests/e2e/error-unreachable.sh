#!/bin/bash
# SPDX-License-Identifier: MIT
# A server that nobody can reach: an errno that says so, one line in the log, then recovery.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
export ALGORITHMIA_API=http://127.0.0.1:9 # the discard port: closed
expect_failure 'No route to host|Connection refused|Host is down|Network is unreachable' in_prefix cat "$P/file"
expect_failure 'No route to host|Connection refused|Host is down|Network is unreachable' in_prefix ls "$P"
log_line '127\.0\.0\.1'

note "a server that goes away after the listing"
export ALGORITHMIA_API=$URL
expect file in_prefix ls "$P"
stop_server "$SERVER_PID"
expect_failure 'No route to host|Connection refused|Host is down|Network is unreachable|Input/output error' in_prefix cat "$P/file"

note "and comes back"
start_server --listen "${URL#http://}"
expect hello in_prefix cat "$P/file"
