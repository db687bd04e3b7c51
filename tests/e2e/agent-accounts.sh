#!/bin/bash
# SPDX-License-Identifier: MIT
# Two keys and two servers with one cache folder are kept apart, by one agent.
. "$(dirname "$0")/../lib.sh"
not_plain
other_key=simOTHERotherOTHERotherOTHER
echo first >"$SRC/file"
echo "only first" >"$SRC/first-only"
serve
first_url=$URL

# The second account: another server over another folder.
SRC=$T/other
mkdir "$SRC"
echo "the second" >"$SRC/file"
start_server --key "$other_key"
second_url=$URL

as_first() { ALGORITHMIA_API=$first_url ALGORITHMIA_API_KEY=$KEY in_prefix "$@"; }
as_second() { ALGORITHMIA_API=$second_url ALGORITHMIA_API_KEY=$other_key in_prefix "$@"; }
for _ in cold warm; do
    expect first as_first cat "$P/file"
    expect "the second" as_second cat "$P/file"
    expect "only first" as_first cat "$P/first-only"
    expect_failure 'No such file' as_second cat "$P/first-only"
    expect file as_second ls "$P"
done
agents_are 1

note "another key for the same server sees nothing of what the first key cached"
ALGORITHMIA_API=$first_url ALGORITHMIA_API_KEY=$other_key expect_failure 'Permission denied' in_prefix cat "$P/file"
if grep -F "$other_key" "$(agent_log)"; then fail "the key is in the log"; fi
