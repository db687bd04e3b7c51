#!/bin/bash
# SPDX-License-Identifier: MIT
# The first bytes of a large file come before the last: a reader of its head does not fetch it all.
. "$(dirname "$0")/../lib.sh"
not_plain
head -c 100000000 /dev/urandom >"$SRC/large"
serve --bandwidth 2000000
in_prefix head -c 4096 "$P/large" >"$T/head"
cmp -n 4096 "$T/head" "$SRC/large"
[ "$(stat -c %s "$T/head")" = 4096 ] || fail "short"
algofs stop >/dev/null
settle
sent=$(awk '$2 == "GET" && $3 ~ "/set/large" && $5 ~ /^[0-9]+$/ { n += $5 } END { print n + 0 }' "$SERVER_LOG")
[ "$sent" -lt 50000000 ] || fail "$sent bytes were sent for 4096"
