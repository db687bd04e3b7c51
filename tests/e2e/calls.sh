#!/bin/bash
# SPDX-License-Identifier: MIT
# Many ways of libc to look at files say the same in the prefix as in the source: cold, then warm.
. "$(dirname "$0")/../lib.sh"
need_helper calls
mkdir -p "$SRC/folder/below"
seq 15000 >"$SRC/file"
: >"$SRC/empty"
for name in a b c d e; do echo "this is $name" >"$SRC/folder/$name"; done
touch -d '2021-03-04 05:06:07' "$SRC/file" "$SRC/folder/"?
touch -d '2001-01-01 00:00:00' "$SRC/empty"
serve
as_user "$HELPERS/calls" "$SRC" >"$T/want"
[ "$(wc -l <"$T/want")" -gt 80 ] || fail "too little was said"
for pass in cold warm; do
    note "$pass"
    in_prefix "$HELPERS/calls" "$P" >"$T/got"
    expect_same "$T/want" "$T/got"
done
