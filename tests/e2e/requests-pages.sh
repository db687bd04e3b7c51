#!/bin/bash
# SPDX-License-Identifier: MIT
# A folder of 2,500 files is listed once, page after page, and shows them all.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir "$SRC/many"
(cd "$SRC/many" && seq -f 'file-%04g' 2500 | xargs touch)
serve
expect 2500 in_prefix bash -euc 'ls "$0/many" | wc -l' "$P"
settle
expect_equal "pages" 3 "$(count_requests GET '/set/many/?([?].*)?$')"
expect 2500 in_prefix bash -euc 'ls "$0/many" | wc -l' "$P"
settle
expect_equal "pages, after a second ls" 3 "$(count_requests GET '/set/many/?([?].*)?$')"

note "small pages"
start_server --page 7
use_prefix
diff <(ls "$SRC/many") <(in_prefix ls "$P/many") || fail "names differ with small pages"
