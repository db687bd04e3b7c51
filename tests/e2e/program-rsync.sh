#!/bin/bash
# SPDX-License-Identifier: MIT
# rsync -a into the prefix and back out; a second run finds nothing to do; changes and deletions follow.
. "$(dirname "$0")/../lib-write.sh"
require rsync
user_dir "$T/there" "$T/back"
as_user "$PYTHON" - "$T/there" <<'END'
import os, random, sys
chance = random.Random(6)
for number in range(150):
    folder = "%s/d%d" % (sys.argv[1], number % 10)
    os.makedirs(folder, exist_ok=True)
    path = "%s/file %d" % (folder, number)
    with open(path, "wb") as file:
        file.write(chance.randbytes(chance.randrange(20000)))
    os.chmod(path, 0o755 if number % 5 == 0 else 0o640)
    os.utime(path, (1500000000 + number, 1400000000 + number))
END
serve_collection
in_prefix rsync -a "$T/there/" "$C/set/" || fail "there"
in_prefix diff -r "$T/there" "$C/set" || fail "the prefix has something else"
drained
diff -r "$T/there" "$REMOTE/set" || fail "the server has something else"
expect "" in_prefix rsync -a -i --omit-dir-times "$T/there/" "$C/set/"
in_prefix rsync -a "$C/set/" "$T/back/" || fail "back"
expect "" as_user rsync -a -i -c --omit-dir-times "$T/there/" "$T/back/"
note "changes, by whole files and in place, and deletions"
as_user sh -euc 'cd "$0"; echo changed >>"d0/file 0"; rm "d1/file 1"; mkdir new; echo new >new/file; rm -r d9' "$T/there"
in_prefix rsync -a --delete "$T/there/" "$C/set/" || fail "changes"
drained
diff -r "$T/there" "$REMOTE/set" || fail "the server does not follow"
as_user sh -euc 'cd "$0"; echo again >>"d0/file 0"; seq 30000 >"d2/file 2"' "$T/there"
in_prefix rsync -a --inplace --no-whole-file "$T/there/" "$C/set/" || fail "in place"
drained
diff -r "$T/there" "$REMOTE/set" || fail "in place: the server does not follow"
