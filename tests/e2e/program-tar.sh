#!/bin/bash
# SPDX-License-Identifier: MIT
# tar extracts a thousand files into the prefix, packs them again, and zip-like appends work.
. "$(dirname "$0")/../lib-write.sh"
require tar
user_dir "$T/packed" "$T/out"
as_user "$PYTHON" - "$T/packed" <<'END'
import os, random, sys
chance = random.Random(5)
for number in range(1000):
    folder = "%s/d%d/e%d" % (sys.argv[1], number % 10, number % 7)
    os.makedirs(folder, exist_ok=True)
    with open("%s/file %d%s" % (folder, number, "ü" * (number % 3)), "wb") as file:
        file.write(chance.randbytes(chance.randrange(3000)))
    os.chmod(file.name, 0o755 if number % 5 == 0 else 0o640)
END
as_user tar cf "$T/out/all.tar" -C "$T/packed" .
serve_collection
for mode in "" async; do
    note "close waits for ${mode:-the remote}"
    in_prefix ALGOFS_WRITEBACK="$mode" tar xf "$T/out/all.tar" -C "$C" || fail "tar x"
    in_prefix diff -r "$T/packed" "$C" || fail "the prefix has something else"
    drained
    diff -r "$T/packed" "$REMOTE" || fail "the server has something else"
    in_prefix tar df "$T/out/all.tar" -C "$C" || fail "tar sees a difference: mode, time or size"
    in_prefix sh -c 'rm -r "$0"/*' "$C" || fail "rm"
    expect_equal "what is left" "" "$(ls -A "$REMOTE")"
done
note "archives in the prefix"
in_prefix bash -euc 'cd "$0"; tar cf made.tar -C "$1" d0 d1; tar rf made.tar -C "$1" d2; tar czf made.tgz -C "$1" d3; tar tf made.tar | wc -l >count' \
    "$C" "$T/packed" || fail "tar c"
nothing_pending
mkdir "$T/again"
tar xf "$REMOTE/made.tar" -C "$T/again"
tar xzf "$REMOTE/made.tgz" -C "$T/again"
for d in d0 d1 d2 d3; do diff -r "$T/packed/$d" "$T/again/$d" || fail "$d"; done
