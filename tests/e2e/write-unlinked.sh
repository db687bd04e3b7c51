#!/bin/bash
# SPDX-License-Identifier: MIT
# An open file that is unlinked stays usable, and its bytes do not come back under its name.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import mmap, os
from libsay import DIR, get, opened, put, say
path = DIR + "/file"
for kind in ("new", "old"):
    if kind == "old":
        put(path, b"on the remote")
    fd = opened("open", path, os.O_RDWR | os.O_CREAT, 0o644)
    say("write", os.write, fd, b"usable")
    say("unlink", os.unlink, path)
    say("stat", os.stat, path)
    say("write", os.write, fd, b" after")
    say("pread", os.pread, fd, 100, 0)
    say("ftruncate", os.ftruncate, fd, 3)
    say("size and links", lambda: (os.fstat(fd).st_size, os.fstat(fd).st_nlink))
    say("fsync", os.fsync, fd)
    with mmap.mmap(fd, 0) as view:
        view[0:1] = b"U"
    say("pread", os.pread, fd, 100, 0)
    say("close", os.close, fd)
    say("stat", os.stat, path)

print("the name is taken again while the old one is open")
put(path, b"first")
old = opened("open", path, os.O_RDWR)
say("unlink", os.unlink, path)
put(path, b"second")
os.write(old, b"FIRST, written later")
say("close", os.close, old)
say("content", get, path)

print("replaced by rename while it is open")
put(DIR + "/new", b"renamed over it")
old = opened("open", path, os.O_RDWR)
os.write(old, b"too late")
say("rename", os.rename, DIR + "/new", path)
os.write(old, b", much too late")
say("fsync", os.fsync, old)
say("close", os.close, old)
say("content", get, path)

print("a reader keeps what is gone")
put(path, b"r" * 100000)
reader = opened("open", path, os.O_RDONLY)
say("unlink", os.unlink, path)
say("read", lambda: len(os.read(reader, 200000)))
os.close(reader)

print("a temporary that is never closed before it is gone")
os.mkdir(DIR + "/dir")
fd = opened("open", DIR + "/dir/temporary", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
say("unlink", os.unlink, DIR + "/dir/temporary")
say("rmdir", os.rmdir, DIR + "/dir")
say("write", os.write, fd, b"x" * 100000)
say("close", os.close, fd)
END
must_work
drained
same_at_server
plain || expect_equal "uploads of what had no name any more" 0 "$(uploads '/c/dir/temporary')"
