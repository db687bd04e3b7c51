#!/bin/bash
# SPDX-License-Identifier: MIT
# A tree reads the same for root, who has every capability, where the test is run by root.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || skip "needs root"
keep_privileges
make_tree 300 --big 20000000
serve
# shellcheck disable=SC2016
in_tree_each 'cat -- "$P/$f" >"$OUT/$f"'
check_tree "$T/out"
in_prefix "$PYTHON" "$TESTS/lib-read.py" mmap "$T/sums.json" "$P" || fail "mmap as root"
