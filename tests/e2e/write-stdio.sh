#!/bin/bash
# SPDX-License-Identifier: MIT
# libc's streams: fopen modes, freopen, fdopen, unbuffered, flushed at exit, mkstemp and its kin.
. "$(dirname "$0")/../lib-write.sh"
need_helper stdio-write
serve_collection
both "$HELPERS/stdio-write" modes </dev/null
grep -q EEXIST "$T/want" && grep -q ENOENT "$T/want" || fail "the test shows nothing"
for what in freopen reopened temporary buffers large; do
    note "$what"
    both "$HELPERS/stdio-write" "$what" </dev/null
    [ -s "$T/want" ] || fail "the test shows nothing"
done
note "a stream that is not closed is flushed at exit"
as_user env DIR="$PLAIN" "$HELPERS/stdio-write" unclosed
in_prefix DIR="$C" "$HELPERS/stdio-write" unclosed
drained
same_at_server
[ -s "$PLAIN/unclosed" ] || fail "the test shows nothing"
read_back
