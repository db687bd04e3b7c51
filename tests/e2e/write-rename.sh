#!/bin/bash
# SPDX-License-Identifier: MIT
# rename of files and folders, over what is there, with open files, with RENAME_NOREPLACE: as on a plain folder.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import ctypes, os
from libsay import DIR, get, opened, put, say, tree
libc = ctypes.CDLL(None, use_errno=True)

def renameat2(source, target, flags):
    if libc.renameat2(-100, source.encode(), -100, target.encode(), flags) < 0:
        raise OSError(ctypes.get_errno(), "renameat2")

def fresh():
    """The same small tree for each try, in a folder of its own."""
    fresh.number += 1
    top = "%s/%d" % (DIR, fresh.number)
    for name in ("", "/full", "/full/sub", "/empty", "/empty2"):
        os.mkdir(top + name)
    put(top + "/f", b"f")
    put(top + "/g", b"gg")
    put(top + "/full/x", b"xxx")
    put(top + "/full/sub/y", b"yyyy")
    return top

fresh.number = 0
pairs = [(a, b) for a in ("f", "full", "empty", "none", "f/", "full/") for b in
         ("g", "new", "full", "empty2", "empty", "none/new", "f/new", "full/new", "full/sub/new", "new/", "f", ".", "..", "empty2/", "")]
for a, b in pairs:
    top = fresh()
    say("%s -> %s" % (a, b), os.rename, top + "/" + a, top + "/" + b)
for a, b in (("f", "new"), ("f", "g"), ("full", "new"), ("full", "empty"), ("none", "g"), ("f", "f"), ("f", "full/x")):
    top = fresh()
    say("NOREPLACE %s -> %s" % (a, b), renameat2, top + "/" + a, top + "/" + b, 1)
top = fresh()
say("unknown flags", renameat2, top + "/f", top + "/new", 1 << 20)

top = fresh()
print("open files go with their name")
fd = opened("open", top + "/full/x", os.O_RDWR | os.O_APPEND)
os.write(fd, b" before")
say("the folder", os.rename, top + "/full", top + "/moved")
os.write(fd, b" after")
say("close", os.close, fd)
say("content", get, top + "/moved/x")
fd = opened("open", top + "/f", os.O_RDWR)
os.write(fd, b"F1")
say("the file", os.rename, top + "/f", top + "/moved/f")
say("fsync", os.fsync, fd)
os.write(fd, b"F2")
say("once more", os.rename, top + "/moved/f", top + "/f")
say("close", os.close, fd)
say("content", get, top + "/f")
say("a new one, not yet closed", lambda: opened("open", top + "/new", os.O_WRONLY | os.O_CREAT, 0o644) is None)

print("by descriptors of folders, and from within")
here = os.open(top, os.O_RDONLY)
say("renameat", os.rename, "g", "moved/g", src_dir_fd=here, dst_dir_fd=here)
os.chdir(top + "/moved")
say("relative", os.rename, "g", "../g2")
say("the folder that one is in", os.rename, "../moved", "../elsewhere")
say("getcwd", lambda: os.path.basename(os.getcwd()))
put("made-inside", b"here")
say("content", get, top + "/elsewhere/made-inside")
print("a folder with many files, twice")
os.mkdir(top + "/many")
for i in range(40):
    put(top + "/many/%d" % i, b"%d" % i * i)
say("there", os.rename, top + "/many", top + "/elsewhere/many")
say("and back", os.rename, top + "/elsewhere/many", top + "/many")
print(len(tree()))
END
must_work
[ "$(grep -c EXDEV "$T/want")" = 0 ] || fail "the test itself is wrong"
drained
same_at_server
read_back
