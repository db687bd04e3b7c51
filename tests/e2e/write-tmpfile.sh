#!/bin/bash
# SPDX-License-Identifier: MIT
# O_TMPFILE is EOPNOTSUPP, so that programs take a name; whatever else there is no place for says EPERM.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection
mkdir "$REMOTE/dir"
echo old >"$REMOTE/old"
cp -r "$REMOTE/." "$PLAIN"
in_prefix DIR="$C" "$PYTHON" - "$T/home" <<'END'
import errno, os, socket, stat, sys
from libsay import DIR
outside = sys.argv[1]
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

old, new = DIR + "/old", DIR + "/new"
expect(errno.EOPNOTSUPP, "O_TMPFILE", os.open, DIR, os.O_TMPFILE | os.O_RDWR, 0o600)
expect(errno.EOPNOTSUPP, "O_TMPFILE in a folder", os.open, DIR + "/dir", os.O_TMPFILE | os.O_WRONLY, 0o600)
expect(errno.EPERM, "link", os.link, old, new)
expect(errno.EEXIST, "link to an old name", os.link, old, DIR + "/dir")
expect(errno.EPERM, "symlink", os.symlink, "old", new)
expect(errno.EEXIST, "symlink of an old name", os.symlink, "x", old)
expect(errno.ENOENT, "symlink below nothing", os.symlink, "x", DIR + "/none/x")
expect(errno.EPERM, "mkfifo", os.mkfifo, new)
expect(errno.EPERM, "mknod of a fifo", os.mknod, new, stat.S_IFIFO | 0o644)
expect(errno.EPERM, "mknod of a device", os.mknod, new, stat.S_IFCHR | 0o644, os.makedev(1, 3))
expect(errno.EPERM, "bind", socket.socket(socket.AF_UNIX).bind, DIR + "/s")
with open(outside + "/mine", "w") as file:
    file.write("mine")
expect(errno.EXDEV, "rename in", os.rename, outside + "/mine", new)
expect(errno.EXDEV, "rename out", os.rename, old, outside + "/theirs")
expect(errno.EXDEV, "rename of a folder out", os.rename, DIR + "/dir", outside + "/theirs")
expect(errno.EXDEV, "link in", os.link, outside + "/mine", new)
expect(errno.EXDEV, "link out", os.link, old, outside + "/theirs")
expect(errno.EXDEV, "rename of nothing out", os.rename, new, outside + "/theirs")
assert os.listdir(outside) == ["mine"], os.listdir(outside)
os.mknod(DIR + "/plain-node", 0o644) # a plain file can be made
sys.exit(bad)
END
touch "$PLAIN/plain-node"
same_at_server
