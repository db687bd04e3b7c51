#!/bin/bash
# SPDX-License-Identifier: MIT
# After the TTL a file that changed, came or went is seen; before it, it is not.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir "$SRC/dir"
echo old >"$SRC/dir/changes"
echo stays >"$SRC/dir/stays"
echo gone >"$SRC/dir/goes"
echo 1234 >"$SRC/dir/same-size"
touch -d '2020-01-01 00:00:00' "$SRC/dir/"*
change() {
    echo 'new and longer' >"$SRC/dir/changes"
    echo 5678 >"$SRC/dir/same-size"
    echo hello >"$SRC/dir/comes"
    rm "$SRC/dir/goes"
    mkdir "$SRC/dir/folder"
}
start_server
TTL=2 use_prefix
look() { in_prefix bash -c 'cd "$0/dir"; ls; cat * || true' "$P" 2>&1 | sort; }
first=$(look)
grep -qx old <<<"$first" || fail "cannot read: $first"
change
sleep 2.5
second=$(look)
for line in comes folder hello 5678 stays "new and longer"; do
    grep -qxF "$line" <<<"$second" || fail "no \"$line\" after the TTL: $second"
done
for line in old goes gone 1234; do
    if grep -qxF "$line" <<<"$second"; then fail "\"$line\" is still there: $second"; fi
done
settle
expect_equal "requests for the file that stays" 1 "$(count_requests GET '/set/dir/stays([?].*)?$')"

note "without an end of the TTL"
TTL=inf use_prefix
look >/dev/null
echo newer >"$SRC/dir/stays"
look | grep -qx stays || fail "a change was seen within the TTL"
