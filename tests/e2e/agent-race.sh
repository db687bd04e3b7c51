#!/bin/bash
# SPDX-License-Identifier: MIT
# Twenty processes that race for the first touch start one agent, and all read right.
. "$(dirname "$0")/../lib.sh"
not_plain
seq 20000 >"$SRC/file"
serve
sum=$(sha256sum <"$SRC/file")
export P
for round in 1 2 3; do
    [ "$round" = 1 ] || fresh_cache
    # shellcheck disable=SC2016
    as_user bash -euc 'for i in $(seq 20); do LD_PRELOAD=$0 /bin/cat "$P/file" | sha256sum & done; wait' "$LIB" >"$T/said"
    expect_equal "right sums" 20 "$(grep -cFx "$sum" "$T/said")"
    agents_are 1
done
