#!/bin/bash
# SPDX-License-Identifier: MIT
# dd, in blocks that match no chunk, from offsets too, on a cold cache.
. "$(dirname "$0")/../lib.sh"
make_tree 150
serve
# shellcheck disable=SC2016
in_tree_each 'dd if="$P/$f" of="$OUT/$f" bs=100003 status=none'
check_tree "$T/out"

fresh_cache
big="big/200 MB.bin"
for skip_blocks in 1999 0 777; do
    in_prefix dd if="$P/$big" of="$T/out/piece" bs=100000 skip=$skip_blocks count=1 status=none
    dd if="$SRC/$big" of="$T/piece" bs=100000 skip=$skip_blocks count=1 status=none
    cmp "$T/piece" "$T/out/piece" || fail "block $skip_blocks"
done
