#!/bin/bash
# SPDX-License-Identifier: MIT
# mkdir, rmdir and makedirs; whether a folder is empty is asked of the remote; a collection can be made and removed.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import os
from libsay import DIR, put, say
put(DIR + "/file", b"x")
for name in ("new", "new", "new/", "slash/", "none/new", "file", "file/new", "new/sub", ".", "new/.", "", "new/..", "n" * 255, "n" * 256, "sp ace/", "日本"):
    say("mkdir %s" % name[:30], os.mkdir, DIR + "/" + name)
for name in ("new", "new/", "none", "file", "file/", "new/sub/.", "new/sub/..", "new/sub", "new/sub", "new/", "slash"):
    say("rmdir %s" % name, os.rmdir, DIR + "/" + name)
for name in ("sp ace", "sp ace/", "none", "file/", "none/none"):
    say("unlink %s" % name, os.unlink, DIR + "/" + name)
say("makedirs", os.makedirs, DIR + "/a/b/c/d")
say("makedirs again", os.makedirs, DIR + "/a/b/c/d")
say("listdir", lambda: sorted(os.listdir(DIR + "/a/b/c")))
say("removedirs", os.removedirs, DIR + "/a/b/c/d")
say("in it", lambda: os.path.exists(DIR + "/a"))
os.mkdir(DIR + "/mode", 0o700)
os.mkdir(DIR + "/narrow", 0o555)
print("narrow", oct(os.stat(DIR + "/narrow").st_mode))
os.rmdir(DIR + "/narrow")
say("mode", lambda: oct(os.stat(DIR + "/mode").st_mode))
here = os.open(DIR + "/mode", os.O_RDONLY)
say("mkdirat", os.mkdir, "at", dir_fd=here)
say("rmdir by descriptor", os.rmdir, "at", dir_fd=here)
put(DIR + "/keep", b"collections are not empty")
END
must_work
not_plain
note "a file that came to the remote behind our back"
in_prefix mkdir "$C/looks-empty"
expect "" in_prefix ls "$C/looks-empty"
echo hidden >"$REMOTE/looks-empty/file"
expect_failure 'not empty' in_prefix rmdir "$C/looks-empty"
at_server looks-empty/file hidden
in_prefix python3 -c "import os, sys; os.rmdir('$C/looks-empty')" 2>/dev/null && fail "rmdir of what is not empty"
rm "$REMOTE/looks-empty/file"
in_prefix ALGOFS_TTL=0 rmdir "$C/looks-empty" || fail "rmdir of what is empty now"
[ ! -e "$REMOTE/looks-empty" ] || fail "the folder is still there"
note "a collection"
in_prefix mkdir "$P/made"
[ -d "$SRC/made" ] || fail "mkdir made no collection"
in_prefix bash -c 'echo hello >"$0/made/file"' "$P"
expect hello cat "$SRC/made/file"
expect_failure 'not empty' in_prefix rmdir "$P/made"
in_prefix rm -r "$P/made"
[ ! -e "$SRC/made" ] || fail "rm -r left the collection"
note "where no file can be"
for place in /algo/data/file /algo/file; do
    expect_failure 'Permission denied|not permitted|Read-only|Invalid' in_prefix cp "$PLAIN/keep" "$place"
    expect_failure 'No such file' in_prefix cat "$place"
done
nothing_pending
note "the hosted rules: files in collections only, no folders in them"
start_server --strict
use_prefix
for place in "$P/file" "$P/made/sub"; do
    case $place in */sub) try=(mkdir "$place"); in_prefix mkdir "$P/made" ;; *) try=(cp "$PLAIN/keep" "$place") ;; esac
    expect_failure 'Permission denied|not permitted|Read-only|Invalid|not supported|Is a directory' in_prefix "${try[@]}"
    [ ! -e "$SRC/${place#"$P"/}" ] || fail "$place was made"
done
in_prefix cp "$PLAIN/keep" "$P/made/file"
cmp "$PLAIN/keep" "$SRC/made/file"
