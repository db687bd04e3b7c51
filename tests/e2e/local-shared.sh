#!/bin/bash
# SPDX-License-Identifier: MIT
# A directory that others change, too: what they do to modes, times, links and content is seen; of two machines (here:
# two caches) that create one file exclusively one wins; what was set here is no foreign change.
. "$(dirname "$0")/../lib-local.sh"
not_plain
TTL=0
serve_local
A=$ALGOFS_CACHE
see() { in_prefix "$@"; }

note "content, mode, time and links changed in the directory"
as_user bash -euc 'cd "$1"; mkdir d; echo one >d/f; echo two >d/g; ln -s f d/l; chmod 600 d/f' sh "$ARCHIVE"
expect "one 600 f" see bash -c 'cd "$1/d"; echo "$(cat l) $(stat -c %a f) $(readlink l)"' sh "$P"
before=$(see stat -c %i "$P/d/f")
as_user bash -euc 'cd "$1/d"; chmod 640 f; ln -sfn g l; touch -d "2011-11-11 11:11:11" g; chmod 750 .' sh "$ARCHIVE"
expect "two 640 g 2011-11-11 11:11:11.000000000 +0000 750" see env TZ=UTC bash -c 'cd "$1/d"; echo "$(cat l) $(stat -c %a f) $(readlink l) $(stat -c %y g) $(stat -c %a .)"' sh "$P"
expect_equal "a changed mode is no other file: the inode" "$before" "$(see stat -c %i "$P/d/f")"
as_user bash -euc 'cd "$1/d"; rm l; mkdir l; echo in >l/in; rm g; ln -s l g; echo three >f' sh "$ARCHIVE"
expect "in in three" see bash -c 'cd "$1/d"; echo $(cat l/in g/in f)' sh "$P"

note "a directory that may not be written to"
as_user bash -euc 'cd "$1"; mkdir -p ro/sub; echo x >ro/f; echo y >ro/sub/g; chmod 555 ro/sub ro' sh "$ARCHIVE"
expect "f sub g 555 555" see bash -c 'cd "$1/ro"; echo $(ls) $(ls sub) $(stat -c %a . sub)' sh "$P"
[ "$(id -u)" != 0 ] || expect_failure "Permission denied" see touch "$P/ro/new"
as_user bash -euc 'cd "$1"; chmod 755 ro; echo z >ro/h; chmod 555 ro' sh "$ARCHIVE"
expect "f h sub 555" see bash -c 'cd "$1/ro"; echo $(ls) $(stat -c %a .)' sh "$P"
as_user bash -euc 'cd "$1"; chmod -R 755 ro; rm -r ro' sh "$ARCHIVE"
expect "" see bash -c 'cd "$1"; ls -d ro 2>/dev/null || true' sh "$P"

note "a name that no other directory needs to know of: files at the root"
see bash -euc 'cd "$1"; echo root >at-root; mv at-root moved; chmod 604 moved' sh "$P"
expect "root 604" bash -c 'cd "$1"; echo "$(cat moved) $(stat -c %a moved)"' sh "$ARCHIVE"

note "set here: the same inode afterwards, nothing fetched again"
see bash -euc 'cd "$1"; echo mine >own; chmod 611 own; touch -d "2012-12-12" own' sh "$P"
before=$(see stat -c '%i %a %Y' "$P/own")
sleep 0.1
expect "$before" see stat -c '%i %a %Y' "$P/own"
expect_equal "the inode after a rename" "${before%% *}" "$(see bash -euc 'mv "$1/own" "$1/other"; ls "$1" >/dev/null; stat -c %i "$1/other"' sh "$P")"

note "two machines create one file"
fresh_cache
B=$ALGOFS_CACHE
ALGOFS_CACHE=$A see ls "$P" >/dev/null
ALGOFS_CACHE=$B see ls "$P" >/dev/null
# Both have listed the directory and believe it for ever.
export ALGOFS_TTL=inf
race() { # CACHE WHO
    ALGOFS_CACHE=$1 in_prefix "$PYTHON" -c '
import os, sys
won = 0
for i in range(30):
    try:
        fd = os.open("%s/lock%d" % (sys.argv[1], i), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        continue
    os.write(fd, sys.argv[2].encode())
    os.close(fd)
    print(i)' "$P" "$2" >"$T/won.$2"
}
race "$A" a & first=$!
race "$B" b & second=$!
wait "$first" || fail "the first machine"
wait "$second" || fail "the second machine"
expect_equal "locks that were won" "$(seq 0 29)" "$(sort -n "$T/won.a" "$T/won.b")"
for who in a b; do
    while read -r i; do expect_equal "lock$i" "$who" "$(cat "$ARCHIVE/lock$i")"; done <"$T/won.$who"
done
