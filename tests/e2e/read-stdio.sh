#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs that read by stdio: grep, wc, head, tail, sort, md5sum, od, sed, awk, cmp, each on a cold cache.
. "$(dirname "$0")/../lib.sh"
seq 200000 >"$SRC/numbers"
printf 'no newline at the end' >"$SRC/short"
: >"$SRC/empty"
serve
for command in "grep -c 7" "wc" "head -n 3" "tail -n 3" "tail -c 1000" "sort -rn" "md5sum" "od -c" "sed -n 5p" "awk {s+=\$1}END{print\ s}" \
    "cut -c 1-3" "tac" "xxd" "cksum"; do
    command -v "${command%% *}" >/dev/null || continue
    fresh_cache
    for file in numbers short empty; do
        IFS=' ' read -r -a words <<<"$command"
        (cd "$SRC" && "${words[@]}" "$file" >"$T/want" 2>&1) || true
        (in_prefix env -C "$P" "${words[@]}" "$file" >"$T/got" 2>&1) || true
        cmp "$T/want" "$T/got" || { diff "$T/want" "$T/got" | head; fail "$command $file"; }
    done
done
in_prefix cmp "$SRC/numbers" "$P/numbers"
