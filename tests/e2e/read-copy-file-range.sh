#!/bin/bash
# SPDX-License-Identifier: MIT
# copy_file_range(2) out of files that were never read moves their bytes, not holes.
. "$(dirname "$0")/../lib.sh"
need_helper transfer
make_tree 150
serve
# shellcheck disable=SC2016
in_tree_each '"'"$HELPERS"'/transfer" copy_file_range "$P/$f" "$OUT/$f"'
check_tree "$T/out"
