#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lib-read.py HOW SUMS DIR: reads every file that SUMS (from lib-tree.py) names in DIR in one way of
Python's, and compares. Prints what differs; exit status 1 then."""
import hashlib
import importlib.util
import mmap
import os
import shutil
import sys

spec = importlib.util.spec_from_file_location("tree", os.path.join(os.path.dirname(__file__), "lib-tree.py"))
tree = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tree)


def by_open(path):
    return tree.file_digest(path)


def by_readinto(path):
    """Unbuffered, odd sizes."""
    digest, buffer = hashlib.sha256(), bytearray(100003)
    with open(path, "rb", buffering=0) as file:
        while n := file.readinto(buffer):
            digest.update(memoryview(buffer)[:n])
    return digest.hexdigest()


def by_pread_backwards(path):
    """From the last piece to the first, so never in sequence."""
    size, step = os.stat(path).st_size, 300007
    pieces = []
    fd = os.open(path, os.O_RDONLY)
    try:
        for at in reversed(range(0, size, step)):
            piece = b""
            while len(piece) < min(step, size - at):
                got = os.pread(fd, min(step, size - at) - len(piece), at + len(piece))
                if not got:
                    return "ends at %d" % (at + len(piece))
                piece += got
            pieces.append(piece)
    finally:
        os.close(fd)
    digest = hashlib.sha256()
    for piece in reversed(pieces):
        digest.update(piece)
    return digest.hexdigest()


def by_mmap(path):
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return hashlib.sha256().hexdigest()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return hashlib.sha256(view).hexdigest()


def by_fromfile(path):
    import numpy
    return hashlib.sha256(numpy.fromfile(path, dtype=numpy.uint8)).hexdigest()


def by_copyfile(path):
    """shutil.copyfile copies by sendfile in the kernel."""
    target = os.path.join(os.environ["TMPDIR"], "out", "copy")
    shutil.copyfile(path, target)
    return tree.file_digest(target)


def main():
    how, sums, folder = sys.argv[1:]
    digest = globals()["by_" + how]
    known, found = tree.load(sums), {}
    for name in known:
        try:
            found[name] = digest(os.path.join(folder, name))
        except OSError as error:
            found[name] = print("%r: %s" % (name, error))
    return tree.compare(known, found)


if __name__ == "__main__":
    sys.exit(main())
