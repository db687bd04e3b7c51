#!/bin/bash
# SPDX-License-Identifier: MIT
# A wrong key is 'Permission denied', with one clear line in the log, and no key in any log.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
right=$KEY
KEY=simWRONGwrongWRONGwrongWRONG # what clean_up looks for in the log
export ALGORITHMIA_API_KEY=$KEY
expect_failure 'Permission denied' in_prefix cat "$P/file"
expect_failure 'Permission denied' in_prefix ls "$P"
expect_failure 'Permission denied' in_prefix stat "$P/file"
expect_failure 'PermissionError: \[Errno 13\]' in_prefix "$PYTHON" -c "open('$P/file')"
log_line '40[13]|key'
lines=$(grep -cE 'refused|permit|40[13]' "$(agent_log)")
[ "$lines" -ge 1 ] && [ "$lines" -le 12 ] || { cat "$(agent_log)"; fail "$lines lines about it"; }

note "no key at all"
unset ALGORITHMIA_API_KEY
expect_failure 'Permission denied' in_prefix cat "$P/file"

note "the right key works beside it, with the same agent"
export ALGORITHMIA_API_KEY=$right
expect hello in_prefix cat "$P/file"
agents_are 1
if grep -F "$right" "$(agent_log)"; then fail "the key is in the log"; fi
