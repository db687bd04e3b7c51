#!/bin/bash
# SPDX-License-Identifier: MIT
# splice(2) out of files that were never read moves their bytes, not holes.
. "$(dirname "$0")/../lib.sh"
need_helper transfer
make_tree 150
serve
# shellcheck disable=SC2016
in_tree_each '"'"$HELPERS"'/transfer" splice "$P/$f" "$OUT/$f"'
check_tree "$T/out"
