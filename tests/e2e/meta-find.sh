#!/bin/bash
# SPDX-License-Identifier: MIT
# find -printf in the prefix agrees with the source on type, size and mtime of everything.
# A directory has no mtime of its own in the API, and modes are not kept: those are not compared.
. "$(dirname "$0")/../lib.sh"
make_tree 600 --big 3000000
serve
list() { find . \( -type d -printf '%y %P\0' \) -o -printf '%y %s %T@ %P\0' | LC_ALL=C sort -z | tr '\0\n' '\n^'; }
(cd "$SRC" && list) >"$T/want"
# shellcheck disable=SC2016
P=$P in_prefix bash -euc "$(declare -f list)"'; cd "$P"; list' >"$T/got"
expect_same "$T/want" "$T/got"

note "find -ls"
columns() { awk '$3 ~ /^-/ { print $7, $8, $9, $10 }' | sort; }
find "$SRC" -ls | columns >"$T/want"
in_prefix find "$P" -ls | columns >"$T/got"
expect_same "$T/want" "$T/got"
