#!/bin/bash
# SPDX-License-Identifier: MIT
# cp -r, which asks for holes and for clones before it copies, brings a cold tree out whole.
. "$(dirname "$0")/../lib.sh"
make_tree 300
serve
user_dir "$T/out"
in_prefix cp -r "$P" "$T/out/"
check_tree "$T/out/$(basename "$P")"
[ -d "$T/out/$(basename "$P")/empty folder" ] || fail "the empty folder is missing"

for options in "--sparse=always" "--reflink=auto --preserve=timestamps"; do
    note "cp $options of one file"
    fresh_cache
    # shellcheck disable=SC2086
    in_prefix cp $options "$P/big/200 MB.bin" "$T/out/one"
    cmp "$SRC/big/200 MB.bin" "$T/out/one" || fail "cp $options"
done
[ "$SRC/big/200 MB.bin" -nt "$T/out/one" ] || [ "$SRC/big/200 MB.bin" -ot "$T/out/one" ] && fail "cp -p lost the mtime"
true
