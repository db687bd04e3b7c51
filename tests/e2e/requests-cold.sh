#!/bin/bash
# SPDX-License-Identifier: MIT
# A cold pass asks for each folder's listing once and for each small file once; a warm pass asks nothing.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir -p "$SRC/a/b" "$SRC/c"
for i in $(seq 40); do echo "file $i" >"$SRC/a/f$i"; echo "more $i" >"$SRC/a/b/g$i"; done
echo one >"$SRC/c/h1"
serve
pass() { in_prefix bash -euc 'find "$0" -type f -print0 | sort -z | xargs -0 cat | sha256sum' "$P"; }
want=$(find "$SRC" -type f -print0 | sort -z | xargs -0 cat | sha256sum)
expect "$want" pass
settle
for folder in set set/a set/a/b set/c; do
    expect_equal "listings of $folder" 1 "$(count_requests GET "/$folder/?([?].*)?\$")"
done
for i in $(seq 40); do
    expect_equal "requests for a/f$i" 1 "$(count_requests GET "/set/a/f$i([?].*)?\$")"
    expect_equal "requests for a/b/g$i" 1 "$(count_requests GET "/set/a/b/g$i([?].*)?\$")"
done
expect_equal "HEAD requests" 0 "$(count_requests HEAD .)"
# Above the collection there may be a listing of data:// once, and nothing else.
above=$(($(wc -l <"$SERVER_LOG") - 4 - 81))
[ "$above" -le 2 ] || { grep -v '/set/' "$SERVER_LOG"; fail "$above requests besides"; }

note "warm"
before=$(wc -l <"$SERVER_LOG")
expect "$want" pass
in_prefix ls -lR "$P" >/dev/null
in_prefix stat "$P/c/h1" >/dev/null
expect_failure "No such file" in_prefix cat "$P/c/none"
settle
after=$(wc -l <"$SERVER_LOG")
[ "$before" = "$after" ] || { tail -n +"$((before + 1))" "$SERVER_LOG"; fail "a warm pass made $((after - before)) requests"; }
