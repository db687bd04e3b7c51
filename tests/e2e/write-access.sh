#!/bin/bash
# SPDX-License-Identifier: MIT
# A key that may only read, and what belongs to others: EACCES when opening, not when closing; nothing is lost.
. "$(dirname "$0")/../lib-write.sh"
not_plain
READER=simREADERreaderREADERreader1
mkdir -p "$T/theirs/c"
echo theirs >"$T/theirs/c/file"
serve_collection --key "$KEY" --key "$READER:ro" --home "them=$T/theirs:ro"
echo mine >"$REMOTE/file"
mkdir "$REMOTE/dir"
cat >"$T/try.py" <<'END'
import errno, os, sys
top = sys.argv[1]
bad = 0

def refuse(what, call, *args, **more):
    global bad
    try:
        call(*args, **more)
        said = "success"
    except OSError as error:
        said = errno.errorcode[error.errno]
    if said not in ("EACCES", "EPERM"):
        bad = 1
        print("%s: %s instead of EACCES" % (what, said))

refuse("open of a file", os.open, top + "/file", os.O_WRONLY)
refuse("open to append", os.open, top + "/file", os.O_WRONLY | os.O_APPEND)
refuse("open with O_TRUNC", os.open, top + "/file", os.O_RDWR | os.O_TRUNC)
refuse("create", os.open, top + "/new", os.O_WRONLY | os.O_CREAT, 0o644)
refuse("mkdir", os.mkdir, top + "/newdir")
refuse("rmdir", os.rmdir, top + "/dir")
refuse("unlink", os.unlink, top + "/file")
refuse("rename", os.rename, top + "/file", top + "/other")
refuse("truncate", os.truncate, top + "/file", 0)
names = sorted(os.listdir(top))
if names != sys.argv[2].split():
    bad = 1
    print("afterwards there are %s" % names)
with open(top + "/file") as file:
    if file.read() != sys.argv[3] + "\n":
        bad = 1
        print("the file is not what it was")
sys.exit(bad)
END
note "a key that may only read"
mkdir "$T/theirs/c/dir"
expect mine in_prefix ALGORITHMIA_API_KEY="$READER" cat "$C/file"
in_prefix ALGORITHMIA_API_KEY="$READER" "$PYTHON" "$T/try.py" "$C" "dir file" mine || fail "the read-only key"
note "what belongs to others"
in_prefix "$PYTHON" "$T/try.py" /algo/data/them/c "dir file" theirs || fail "a foreign collection"
expect_equal "the server's file" mine "$(cat "$REMOTE/file")"
expect_equal "the server's files" "dir file" "$(echo $(ls "$REMOTE"))"
expect_equal "their files" "dir file" "$(echo $(ls "$T/theirs/c"))"
nothing_pending
note "the key that may write, beside it"
in_prefix sh -c 'echo changed >"$0/file"' "$C"
at_server file changed
if grep -F "$READER" "$(agent_log)"; then fail "the key is in the log"; fi
