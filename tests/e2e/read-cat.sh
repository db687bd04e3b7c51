#!/bin/bash
# SPDX-License-Identifier: MIT
# cat reads every byte of 2,000 files: each name and size there is.
. "$(dirname "$0")/../lib.sh"
make_tree 2000
serve
# shellcheck disable=SC2016
in_tree_each 'cat -- "$P/$f" >"$OUT/$f"'
check_tree "$T/out"
