#!/bin/bash
# SPDX-License-Identifier: MIT
# Sixteen processes that read the same cold file at once cause one request for it.
. "$(dirname "$0")/../lib.sh"
not_plain
head -c 300000 /dev/urandom >"$SRC/file"
serve --delay 100
sum=$(sha256sum <"$SRC/file")
# shellcheck disable=SC2016
in_prefix bash -euc 'for i in $(seq 16); do (cat "$0/file" | sha256sum) & done; wait' "$P" >"$T/said"
expect_equal "right sums" 16 "$(grep -cFx "$sum" "$T/said")"
settle
expect_equal "requests for the file" 1 "$(count_requests GET '/set/file([?].*)?$')"
expect_equal "listings" 1 "$(count_requests GET '/set/?([?].*)?$')"
