# SPDX-License-Identifier: MIT
"""One process of the model test: does each operation on the prefix and on the plain folder.

Reads one JSON list a line, [operation, argument...], and answers with [prefix's result, plain's result,
facts of the plain side]. A result is ["ok", value] or ["error", name of the errno].
"""
import errno
import hashlib
import json
import mmap
import os
import random
import stat
import sys

ROOTS = sys.argv[1:3]  # prefix, plain
slots = {}             # number -> [descriptor in the prefix, descriptor of the plain file]


def data_of(seed, size):
    return random.Random(seed).randbytes(size)


def digest(data):
    return [len(data), hashlib.md5(data).hexdigest()]


def kind_of(st):
    return ["dir"] if stat.S_ISDIR(st.st_mode) else ["file", st.st_size]


def write_all(fd, data):
    done = 0
    while done < len(data):
        done += os.write(fd, data[done:])
    return done


def read_whole(fd):
    pieces, at = [], 0
    while piece := os.pread(fd, 1 << 20, at):
        pieces.append(piece)
        at += len(piece)
    return digest(b"".join(pieces))


def read_path(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_whole(fd)
    finally:
        os.close(fd)


def put_path(path, flags, seed, size, mode):
    """Open, write, close: what most programs do."""
    fd = os.open(path, flags, mode)
    try:
        write_all(fd, data_of(seed, size))
    except OSError:
        os.close(fd)
        raise
    os.close(fd)


def map_write(fd, offset, seed, size, way):
    end = os.fstat(fd).st_size
    if end == 0:
        return "empty"
    offset, data = offset % end, data_of(seed, size)
    view = mmap.mmap(fd, end)
    data = data[:end - offset]
    view[offset:offset + len(data)] = data
    if way == "msync":
        view.flush()
    view.close()
    return len(data)


def listing(path):
    return sorted(os.listdir(path))


def scan(path):
    with os.scandir(path) as entries:
        return sorted([e.name] + kind_of(e.stat(follow_symlinks=False)) for e in entries)


BY_PATH = {
    "put": put_path, "read": read_path, "stat": lambda p: kind_of(os.stat(p)), "unlink": os.unlink, "mkdir": os.mkdir,
    "rmdir": os.rmdir, "truncate": os.truncate, "list": listing, "scan": scan, "chmod": os.chmod,
    "access": os.access, "utime": lambda p, t: os.utime(p, (t, t)),
}
BY_SLOT = {
    "write": lambda fd, seed, size: write_all(fd, data_of(seed, size)),
    "pwrite": lambda fd, seed, size, offset: os.pwrite(fd, data_of(seed, size), offset),
    "writev": lambda fd, seed, size: os.writev(fd, [data_of(seed, size), data_of(seed + 1, size // 2)]),
    "fread": lambda fd, offset, size: digest(os.pread(fd, size, offset)),
    "fwhole": read_whole,
    "fstat": lambda fd: kind_of(os.fstat(fd)),
    "seek": lambda fd, offset: os.lseek(fd, offset, os.SEEK_SET),
    "ftruncate": os.ftruncate,
    "fallocate": os.posix_fallocate,
    "fsync": os.fsync,
    "fdatasync": os.fdatasync,
    "map": map_write,
}


def attempt(call, *args):
    try:
        return ["ok", call(*args)]
    except OSError as error:
        return ["error", errno.errorcode[error.errno]]


def by_directory(call, root, name, args):
    """The same by a descriptor of the root and a relative name."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return call(name, *args, dir_fd=folder)
    finally:
        os.close(folder)


def do_open(side, name, flags, mode):
    return os.open(os.path.join(ROOTS[side], name), flags, mode)


def do(op, args):
    """[prefix's result, plain's, facts]"""
    if op == "open":
        slot, name, flags, mode = args
        made = [attempt(do_open, side, name, flags, mode) for side in (0, 1)]
        fds = [m[1] if m[0] == "ok" else None for m in made]
        if None not in fds:
            slots[slot] = fds
            return ["ok", ""], ["ok", ""], {"inode": os.fstat(fds[1]).st_ino}
        for fd in fds:
            if fd is not None:
                os.close(fd)
        return [["ok", ""] if m[0] == "ok" else m for m in made] + [{}]
    if op == "dup":
        slot, other = args
        slots[other] = [os.dup(fd) for fd in slots[slot]]
        return ["ok", ""], ["ok", ""], {}
    if op == "close":
        fds = slots.pop(args[0])
        return [attempt(os.close, fd) for fd in fds] + [{}]
    if op in BY_SLOT:
        return [attempt(BY_SLOT[op], fd, *args[1:]) for fd in slots[args[0]]] + [{}]
    if op == "rename":
        source, target = args
        return [attempt(os.rename, os.path.join(r, source), os.path.join(r, target)) for r in ROOTS] + [{}]
    if op.endswith("@"):
        call = {"unlink@": os.unlink, "mkdir@": os.mkdir, "rmdir@": os.rmdir}[op]
        return [attempt(by_directory, call, r, args[0], args[1:]) for r in ROOTS] + [{}]
    return [attempt(BY_PATH[op], os.path.join(r, args[0]), *args[1:]) for r in ROOTS] + [{}]


def main():
    for line in sys.stdin:
        op, *args = json.loads(line)
        print(json.dumps(do(op, args)), flush=True)


main()
