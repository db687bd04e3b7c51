#!/bin/bash
# SPDX-License-Identifier: MIT
# What is cached stays readable within the TTL while the server is away.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
expect hello in_prefix cat "$P/file"
stop_server "$SERVER_PID"
expect hello in_prefix cat "$P/file"
expect file in_prefix ls "$P"
expect_failure 'No such file' in_prefix cat "$P/none"
