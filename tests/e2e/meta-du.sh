#!/bin/bash
# SPDX-License-Identifier: MIT
# du sees every file's bytes, by apparent size and by blocks, before and after they are fetched.
. "$(dirname "$0")/../lib.sh"
make_tree 300 --big 20000000
serve
(cd "$SRC" && find . -type f -printf '%s\t%p\0' | tr '\0\n' '\n^' | sort -k2) >"$T/want"
files() {
    # shellcheck disable=SC2016
    P=$P in_prefix bash -euc 'cd "$P"; find . -type f -print0 | du --files0-from=- -0 '"$1" | tr '\0\n' '\n^' | sort -k2
}
files "--apparent-size -B1" >"$T/got"
expect_same "$T/want" "$T/got"

note "blocks: a file that is not fetched is shown as if it were dense"
files "-B1" | awk -F'\t' '{ print $2 "\t" $1 }' | sort >"$T/blocks.cold"
in_prefix find "$P" -type f -exec cat {} + >/dev/null
files "-B1" | awk -F'\t' '{ print $2 "\t" $1 }' | sort >"$T/blocks.warm"
# A large file may need a block of the disk's own for its extents.
join -t$'\t' "$T/blocks.cold" "$T/blocks.warm" | awk -F'\t' '
    { more = $3 - $2; if (more < 0 || more > ($2 > 4194304 ? 8192 : 0)) { print "blocks:", $0; bad = 1 } }
    END { exit bad || NR == 0 }' || fail "du before and after"
awk -F'\t' '{ print $2 "\t" $1 }' "$T/want" | sort | join -t$'\t' - "$T/blocks.warm" |
    awk -F'\t' '$3 < $2 && $2 > 4096 { print "too few blocks:", $0; bad = 1 } END { exit bad }' || fail "du"
