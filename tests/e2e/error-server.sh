#!/bin/bash
# SPDX-License-Identifier: MIT
# A server that fails: lasting 500s are EIO, passing ones are tried again and nobody notices.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir "$SRC/dir"
seq 50000 >"$SRC/good"
echo x >"$SRC/bad"
echo x >"$SRC/dir/file"
serve --fault 'match=*:/set/bad,status=500' --fault 'match=*:/set/dir,status=500'
expect_failure 'Input/output error' in_prefix cat "$P/bad"
expect_failure 'Input/output error' in_prefix ls "$P/dir"
log_line '500'
log_line 'bad'
in_prefix cmp "$P/good" "$SRC/good"

for fault in status=503 reset cut=1000 length=+100 length=-100 'status=429,retry-after=1'; do
    note "once $fault"
    start_server --fault "match=GET:/set/good,count=1,$fault"
    use_prefix
    in_prefix cmp "$P/good" "$SRC/good" || fail "after $fault"
done
note "a listing that fails once"
start_server --fault 'match=GET:/set,count=1,status=500'
use_prefix
expect "bad dir good" in_prefix bash -euc 'cd "$0"; echo *' "$P"
