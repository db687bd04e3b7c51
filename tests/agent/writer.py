# SPDX-License-Identifier: MIT
"""A door that writes: the messages of writing on top of door.py's World."""
from door import *

OPEN_WRITE, COMMIT, MKDIR, REMOVE, RENAME, SETATTR, FLUSH, GETACL, SETACL = range(16, 25)
JOURNAL, MAPPED, SHARED, NOTE = 1, 2, 4, 8
SET_MODE, SET_OWNER, SET_GROUP, SET_SIZE, SET_ATIME, SET_MTIME = 1, 2, 4, 8, 16, 32
REMOVEDIR, NOREPLACE = 0x200, 1
EPERM, ENOENT, EIO, EACCES, EEXIST, EXDEV, ENOTDIR, EISDIR, EINVAL, EFBIG, ENOSPC, ENOTEMPTY = (
    1, 2, 5, 13, 17, 18, 20, 21, 22, 27, 28, 39)
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Writer(World):
    """Paths are of the tree; the server has data/x as root/x."""

    def start(self, **environment):
        """As a door does: an agent that is dying may still take a call, and is not the answer."""
        for _ in range(1000):
            try:
                return super().start(**environment)
            except (ConnectionError, FileNotFoundError):
                time.sleep(0.01)
        raise AssertionError("no agent answers")

    def open_write(self, path, flags=NEW, mode=0o644):
        self.ensure(path)
        _, fd = call(self.address, OPEN_WRITE, (self.instance, flags, mode), (path,))
        return fd

    def commit(self, fd, how=0):
        body, _ = call(self.address, COMMIT, (self.instance, how, 0, 0), (), fd)
        return struct.unpack("=Q", body)[0]

    def commit_inode(self, st, how=0):
        body, _ = call(self.address, COMMIT, (self.instance, how, st.st_dev, st.st_ino))
        return struct.unpack("=Q", body)[0]

    def close(self, fd, how=0):
        """As the shim does: the verdict, then the close."""
        try:
            return self.commit(fd, how)
        finally:
            os.close(fd)

    def write(self, path, content, flags=NEW, how=0, mode=0o644):
        fd = self.open_write(path, flags, mode)
        write_all(fd, content)
        return self.close(fd, how)

    def mkdir(self, path, mode=0o755, again=0):
        call(self.address, MKDIR, (self.instance, again, mode), (path,))

    def remove(self, path, flags=0, again=0):
        call(self.address, REMOVE, (self.instance, again, flags), (path,))

    def rename(self, old, new, flags=0, again=0):
        call(self.address, RENAME, (self.instance, again, flags), (old, new))

    def set(self, path, valid, mode=0, uid=0, gid=0, size=0, atime=0, mtime=0, fd=None):
        call(self.address, SETATTR, (self.instance, valid, mode, uid, gid, size, atime, 0, mtime, 0), (path,), fd)

    def flush(self, wait_ms=60000):
        """(pending, failed, bytes, the lines of failures)"""
        body, fd = call(self.address, FLUSH, (self.instance, wait_ms))
        with open(fd) as lines:
            return (*struct.unpack("=QQQ", body), lines.read().splitlines())

    def acl(self, path):
        body, _ = call(self.address, GETACL, (self.instance,), (path,))
        return body[4:-1].decode()

    def set_acl(self, path, acl):
        call(self.address, SETACL, (self.instance,), (path, acl))

    # what is where

    def remote(self, name):
        """The bytes at the server, None for no such file."""
        try:
            with open(os.path.join(self.root, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def journal(self):
        folder = os.path.join(os.path.dirname(self.tree), "journal")
        return [name for name in os.listdir(folder) if name != "damaged"]

    def instance_status(self):
        return self.status()["instances"][0]

    def drained(self):
        """Waits until nothing is known to be open for writing or to be uploaded."""
        self.until(lambda: not self.instance_status()["writes"] and not self.journal())

    def until(self, condition):
        for _ in range(6000):
            if condition():
                return
            time.sleep(0.01)
        raise AssertionError(f"never came true: {self.status()}")

    def serve(self, *options):
        """Another server over the same folder, at the same address."""
        self.stop_server()
        self.start_server(*options)


def write_all(fd, content):
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view):]


def run(tests, world=Writer):
    wanted = sys.argv[1:]
    for test in tests:
        if wanted and not any(part in test.__name__ for part in wanted):
            continue
        print(test.__name__, flush=True)
        with world() as w:
            w.start()
            test(w)
