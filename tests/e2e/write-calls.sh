#!/bin/bash
# SPDX-License-Identifier: MIT
# write, pwrite, writev, pwritev, truncate, ftruncate, fallocate, copy_file_range, sendfile and seeking past the end.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import ctypes, errno, fcntl, os
from libsay import DIR, get, opened, put, say
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]

def fallocate(fd, mode, offset, size):
    if libc.fallocate(fd, mode, offset, size) < 0:
        raise OSError(ctypes.get_errno(), "fallocate")

path = DIR + "/calls"
fd = opened("open", path, os.O_RDWR | os.O_CREAT, 0o644)
say("write", os.write, fd, b"0123456789")
say("pwrite", os.pwrite, fd, b"ab", 3)
say("writev", os.writev, fd, [b"xx", b"", b"yyy"])
say("pwritev", os.pwritev, fd, [b"pp", b"qq"], 1)
say("pwritev2", os.pwritev, fd, [b"dd"], 6, os.RWF_DSYNC)
say("where", os.lseek, fd, 0, os.SEEK_CUR)
say("past the end", os.pwrite, fd, b"far", 20000)
say("all", os.pread, fd, 40, 0)
say("the hole", os.pread, fd, 10, 10000)
say("ftruncate", os.ftruncate, fd, 12)
say("ftruncate, growing", os.ftruncate, fd, 30)
say("all", os.pread, fd, 100, 0)
say("fallocate", os.posix_fallocate, fd, 0, 50)
say("size", lambda: os.fstat(fd).st_size)
say("fallocate, keeping the size", fallocate, fd, 1, 0, 100000)
say("size", lambda: os.fstat(fd).st_size)
say("punch a hole", fallocate, fd, 3, 2, 4)
say("all", os.pread, fd, 100, 0)
say("seek", os.lseek, fd, -3, os.SEEK_END)
say("write", os.write, fd, b"END!")
say("O_APPEND on", lambda: fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND))
say("seek", os.lseek, fd, 0, os.SEEK_SET)
say("write", os.write, fd, b"appended")
say("close", os.close, fd)
say("content", get, path)
say("truncate", os.truncate, path, 7)
say("content", get, path)
say("truncate, growing", os.truncate, path, 5000)
say("size", lambda: os.stat(path).st_size)
say("truncate of nothing", os.truncate, DIR + "/none", 0)
os.mkdir(DIR + "/dir")
say("truncate of a folder", os.truncate, DIR + "/dir", 0)
say("truncate below zero", os.truncate, path, -1)
fd = opened("read only", path, os.O_RDONLY)
say("write", os.write, fd, b"x")
say("ftruncate", os.ftruncate, fd, 0)
os.close(fd)
fd = opened("write only", path, os.O_WRONLY)
say("read", os.read, fd, 1)
os.close(fd)

put(DIR + "/source", b"0123456789" * 30000)
source = os.open(DIR + "/source", os.O_RDONLY)
for name, call in (("sendfile", lambda to: os.sendfile(to, source, 5, 200000)),
                   ("copy_file_range", lambda to: os.copy_file_range(source, to, 200000, 7, 0))):
    to = os.open(DIR + "/by-" + name, os.O_RDWR | os.O_CREAT, 0o644)
    say(name, call, to)
    say("close", os.close, to)
reader, writer = os.pipe()
os.write(writer, b"through a pipe")
to = os.open(DIR + "/by-splice", os.O_WRONLY | os.O_CREAT, 0o644)
if hasattr(os, "splice"):
    say("splice", os.splice, reader, to, 100)
else:
    os.write(to, os.read(reader, 100))
say("close", os.close, to)
put(DIR + "/gone", b"long before")
fd = os.open(DIR + "/gone", os.O_RDWR)
os.ftruncate(fd, 0)
os.pwrite(fd, b"x", 4096)
say("close", os.close, fd)
END
must_work
read_back
