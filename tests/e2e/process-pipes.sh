#!/bin/bash
# SPDX-License-Identifier: MIT
# Pipelines, here-documents, process substitution and loops of bash over files in the prefix.
. "$(dirname "$0")/../lib.sh"
mkdir "$SRC/d"
seq 5000 >"$SRC/d/numbers"
printf 'b\na\nc\n' >"$SRC/d/letters"
serve
# shellcheck disable=SC2016
expect "$(printf '1250\na\nb\nc\n3\n5000\nletters\nnumbers\nsame\n1')" in_prefix bash -euc '
cd "$0/d"
cat numbers | grep -v "[13579]$" | awk "\$1 % 4 == 0" | wc -l
sort letters
n=0; while read -r line; do n=$((n + 1)); done <letters; echo $n
mapfile -t lines <numbers; echo ${#lines[@]}
for f in *; do echo "$f"; done
diff <(sort letters) <(printf "a\nb\nc\n") && echo same
read -r first < <(head -n 1 numbers); echo $first' "$P"
expect "$(wc -c <"$SRC/d/numbers")" in_prefix bash -c 'wc -c <"$0/d/numbers"' "$P"
expect b in_prefix bash -c '. /dev/stdin <<<"head -n1 $0/d/letters"' "$P"
expect "$(find "$SRC" -type f | wc -l)" in_prefix bash -c 'find "$0" -type f -print0 | xargs -0 -n1 -P4 sh -c "cat \"\$0\" >/dev/null; echo" | wc -l' "$P"
