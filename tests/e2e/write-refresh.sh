#!/bin/bash
# SPDX-License-Identifier: MIT
# Listings that come while files are written never undo what was done here; what changes on the remote behind
# our back is seen, when its lease is over and nothing of ours is in the way.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection --delay 5
export ALGOFS_TTL=0
note "one process lists all the time, another changes"
in_prefix DIR="$C" "$PYTHON" - <<'END' || fail "a listing undid a change"
import os, signal, sys
from libsay import DIR, get, put
os.mkdir(DIR + "/d")
pid = os.fork()
if pid == 0:
    while True:
        for name in os.listdir(DIR) + os.listdir(DIR + "/d"):
            pass
bad = []

def check(what, good):
    if not good:
        bad.append(what)

try:
    for turn in range(25):
        name = "%s/d/f%d" % (DIR, turn)
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        check("created, %d" % turn, os.path.exists(name))
        os.write(fd, b"x" * turn)
        check("size while open, %d" % turn, os.stat(name).st_size == turn)
        check("listed while open, %d" % turn, "f%d" % turn in os.listdir(DIR + "/d"))
        check("same inode, %d" % turn, os.stat(name).st_ino == os.fstat(fd).st_ino)
        os.write(fd, b"y")
        os.close(fd)
        check("content, %d" % turn, get(name) == b"x" * turn + b"y")
        os.rename(name, name + "r")
        check("renamed, %d" % turn, os.path.exists(name + "r") and not os.path.exists(name))
        if turn % 2:
            os.unlink(name + "r")
            check("unlinked, %d" % turn, not os.path.exists(name + "r") and "f%dr" % turn not in os.listdir(DIR + "/d"))
        folder = "%s/dir%d" % (DIR, turn)
        os.mkdir(folder)
        check("mkdir, %d" % turn, os.path.isdir(folder))
        if turn % 3 == 0:
            os.rmdir(folder)
            check("rmdir, %d" % turn, not os.path.exists(folder))
finally:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
for each in bad:
    print("wrong:", each)
sys.exit(bool(bad))
END
expect_equal "files at the server" "$(seq -f 'f%gr' 0 2 24 | sort)" "$(ls "$REMOTE/d")"

note "an open file that was changed stays ours while the remote changes"
echo remote >"$REMOTE/contested"
expect remote in_prefix cat "$C/contested"
in_prefix DIR="$C" "$PYTHON" - <<'END' || fail "the open file"
import os
from libsay import DIR, get
fd = os.open(DIR + "/contested", os.O_RDWR)
os.write(fd, b"OURS")
with open(os.environ["REMOTE"] + "/contested.new", "w") as file:
    file.write("behind our back, and longer")
os.rename(os.environ["REMOTE"] + "/contested.new", os.environ["REMOTE"] + "/contested")
os.listdir(DIR)
assert get(DIR + "/contested") == b"OURSte\n", get(DIR + "/contested")
assert os.pread(fd, 100, 0) == b"OURSte\n"
os.close(fd)
assert get(DIR + "/contested") == b"OURSte\n", "after close: %r" % get(DIR + "/contested")
END
at_server contested OURSte

note "what is clean follows the remote"
for text in "changed there" "and changed again, longer than before" "short"; do
    echo "$text" >"$T/new"
    touch -d "+${#text} sec" "$T/new"
    mv "$T/new" "$REMOTE/contested"
    expect "$text" in_prefix cat "$C/contested"
done
rm "$REMOTE/contested"
expect_failure 'No such file' in_prefix cat "$C/contested"
in_prefix sh -c 'echo again >"$0/contested"' "$C"
at_server contested again
echo new >"$REMOTE/from-there"
expect new in_prefix cat "$C/from-there"
nothing_pending
