#!/bin/bash
# SPDX-License-Identifier: MIT
# Reading what is not there, or is something else, gives the errno that a file system gives.
. "$(dirname "$0")/../lib.sh"
mkdir "$SRC/dir"
echo hello >"$SRC/file"
serve
in_prefix "$PYTHON" - "$P" <<'END'
import errno, mmap, os, sys
p = sys.argv[1]
bad = 0

def expect(code, what, call, *args, **more):
    global bad
    try:
        call(*args, **more)
        said = "success"
    except OSError as error:
        said = errno.errorcode[error.errno]
    if said != errno.errorcode[code]:
        bad = 1
        print("%s: %s instead of %s" % (what, said, errno.errorcode[code]))

expect(errno.ENOENT, "open of nothing", open, p + "/none")
expect(errno.ENOENT, "stat of nothing", os.stat, p + "/none")
expect(errno.ENOENT, "stat below nothing", os.stat, p + "/none/none")
expect(errno.ENOENT, "lstat of nothing", os.lstat, p + "/dir/none")
expect(errno.ENOENT, "listdir of nothing", os.listdir, p + "/none")
expect(errno.ENOENT, "open of an empty path", open, "")
expect(errno.ENOTDIR, "open below a file", open, p + "/file/x")
expect(errno.ENOTDIR, "stat below a file", os.stat, p + "/file/x")
expect(errno.ENOTDIR, "a file with a slash", os.stat, p + "/file/")
expect(errno.ENOTDIR, "listdir of a file", os.listdir, p + "/file")
expect(errno.ENOTDIR, "O_DIRECTORY of a file", os.open, p + "/file", os.O_DIRECTORY)
expect(errno.ENOTDIR, "chdir to a file", os.chdir, p + "/file")
expect(errno.EISDIR, "open of a folder", open, p + "/dir")
expect(errno.EINVAL, "readlink of a file", os.readlink, p + "/file")
expect(errno.EINVAL, "readlink of a folder", os.readlink, p + "/dir")
expect(errno.ENAMETOOLONG, "a name of 256 bytes", os.stat, p + "/" + "n" * 256)
expect(errno.ENOENT, "a name of 255 bytes", os.stat, p + "/" + "n" * 255)
fd = os.open(p + "/dir", os.O_RDONLY)
expect(errno.EISDIR, "read of a folder", os.read, fd, 10)
expect(errno.ENOENT, "openat of nothing", os.open, "none", os.O_RDONLY, dir_fd=fd)
file = os.open(p + "/file", os.O_RDONLY)
expect(errno.EBADF, "write to a file open for reading", os.write, file, b"x")
expect(errno.EINVAL, "seek before the start", os.lseek, file, -1, os.SEEK_SET)
expect(errno.ENOTDIR, "openat from a file", os.open, "x", os.O_RDONLY, dir_fd=file)
assert os.pread(file, 100, 0) == b"hello\n"
assert os.pread(file, 100, 6) == b"" and os.pread(file, 100, 1000) == b""
assert os.lseek(file, 0, os.SEEK_END) == 6
assert os.lseek(file, 0, os.SEEK_DATA) == 0
assert os.lseek(file, 0, os.SEEK_HOLE) == 6
expect(errno.ENXIO, "SEEK_DATA at the end", os.lseek, file, 6, os.SEEK_DATA)
os.close(file)
expect(errno.EBADF, "read of a closed file", os.read, file, 1)
assert os.path.exists(p + "/file") and not os.path.exists(p + "/none")
sys.exit(bad)
END
