#!/bin/bash
# SPDX-License-Identifier: MIT
# Two machines (two caches, one server) see each other's changes once the TTL is over, also those that size and
# time do not tell: as many bytes, in the same second. What does not change any more costs no request.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection
one=$ALGOFS_CACHE
fresh_cache
two=$ALGOFS_CACHE
export ALGOFS_TTL=0
A() { ALGOFS_CACHE=$one in_prefix "$@"; }
B() { ALGOFS_CACHE=$two in_prefix "$@"; }

note "the same size in the same second, both ways"
for i in 1 2 3 4 5 6; do
    A sh -c "echo a$i >'$C/same'"
    expect "a$i" B cat "$C/same"
    B sh -c "echo b$i >'$C/same'"
    B cat "$C/same" >/dev/null
    expect "b$i" A cat "$C/same"
done
A "$PYTHON" -c 'import mmap, sys
file = open(sys.argv[1], "rb")
assert mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:] == b"b6\n"' "$C/same"

note "appended to in turn"
A sh -c "echo aaaa >'$C/log'"
B sh -c "echo bbbb >>'$C/log'"
A sh -c "echo cccc >>'$C/log'"
expect "aaaa
bbbb
cccc" B cat "$C/log"

note "a program, a script, one that runs"
A sh -c "printf '#!/bin/sh\necho 1\n' >'$C/script'; chmod +x '$C/script'"
expect 1 B "$C/script"
A sh -c "printf '#!/bin/sh\necho 2\n' >'$C/script'"
expect 2 B "$C/script"
A cp /bin/sleep "$C/sleep"
B bash -euc '"$1" 30 & running=$!
    "$1" 0
    kill $running' - "$C/sleep" || fail "a program that runs could not be run again"

note "names, folders, a folder for a file"
B mkdir "$C/d"
A sh -c "echo x >'$C/d/x'"
expect x B cat "$C/d/x"
A mv "$C/d" "$C/e"
expect x B cat "$C/e/x"
expect_failure "No such file" B ls "$C/d"
B rm -r "$C/e"
expect_failure "No such file" A ls "$C/e"
A sh -c "echo file >'$C/t'"
B rm "$C/t"
B mkdir "$C/t"
expect "" A ls "$C/t"
A rmdir "$C/t"
B sh -c "echo again >'$C/t'"
expect again A cat "$C/t"

note "a later look settles it: then listings are all that is asked"
old=$(date -d '-1 hour' '+%Y-%m-%d %H:%M:%S')
find "$REMOTE" -type f -exec touch -d "$old" {} +
A cat "$C/same" "$C/log" "$C/t" >/dev/null
settle
: >"$SERVER_LOG"
for _ in 1 2; do expect b6 A cat "$C/same"; done
settle
expect_equal "requests about files" 0 "$(awk '$3 ~ "/c/."' "$SERVER_LOG" | wc -l)"
