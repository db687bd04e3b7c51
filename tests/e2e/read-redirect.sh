#!/bin/bash
# SPDX-License-Identifier: MIT
# `cmd < file` in bash and dash: the descriptor that a program inherits has the bytes, not holes.
. "$(dirname "$0")/../lib.sh"
require dash
make_tree 150
serve
export P OUT=$T/out
tree_names >"$T/names"
for shell in bash dash; do
    note "$shell"
    fresh_cache
    user_dir "$OUT"
    # shellcheck disable=SC2016  # for the shell under test
    in_prefix xargs -0 "$shell" -euc 'for f; do
        mkdir -p -- "$OUT/${f%/*}"
        cat <"$P/$f" >"$OUT/$f"
    done' "$shell" <"$T/names"
    check_tree "$OUT"
    rm -r "$OUT"
done
