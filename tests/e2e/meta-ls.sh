#!/bin/bash
# SPDX-License-Identifier: MIT
# ls -lR in the prefix agrees with the source on type, size, mtime and order.
. "$(dirname "$0")/../lib.sh"
make_tree 600 --big 3000000
serve
# type, size, mtime and name of files; type and name of folders
columns() { awk '/^-/ { $1 = "-"; $2 = $3 = $4 = ""; print; next } /^d/ { print "d", $NF; next } !/^total/'; }
list() { ls -lR --time-style=full-iso --quoting-style=c .; }
(cd "$SRC" && list) | columns >"$T/want"
# shellcheck disable=SC2016
P=$P in_prefix bash -euc "$(declare -f list)"'; cd "$P"; list' | columns >"$T/got"
expect_same "$T/want" "$T/got"
grep -q '^d "\?empty' "$T/want" || grep -q folder "$T/want" || fail "the test sees no folder"
