# SPDX-License-Identifier: MIT
"""The writer of the crash test: does what it is told, one JSON list a line, in the folder of its argument.

Answers `synced N` when fsync returned 0 after N bytes of the operation, `done` when all of it returned 0,
`error CALL ERRNO` when a call failed.
"""
import errno
import json
import os
import random
import sys

TOP = sys.argv[1]


def place(name):
    return os.path.join(TOP, name)


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def write_through(name, flags, data, pieces, sync, offset=None):
    fd = os.open(place(name), flags, 0o644)
    if offset is not None:
        os.lseek(fd, offset, os.SEEK_SET)
    done, step = 0, max(1, -(-len(data) // pieces))
    while done < len(data):
        done += os.write(fd, data[done:done + step])
        if sync and done >= sync:
            os.fsync(fd)
            say("synced", done)
            sync = 0
    os.close(fd)


def do(op, args):
    if op in ("overwrite", "append", "patch", "replace"):
        name, seed, size, pieces, sync, *more = args
        data = random.Random(seed).randbytes(size)
    if op == "overwrite":
        write_through(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, data, pieces, sync)
    elif op == "append":
        write_through(name, os.O_WRONLY | os.O_APPEND, data, pieces, sync)
    elif op == "patch":
        write_through(name, os.O_RDWR, data, pieces, sync, more[0])
    elif op == "replace":
        write_through(name + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, data, pieces, sync)
        os.rename(place(name + ".tmp"), place(name))
    elif op == "rename":
        os.rename(place(args[0]), place(args[1]))
    elif op == "unlink":
        os.unlink(place(args[0]))


def main():
    for line in sys.stdin:
        op, *args = json.loads(line)
        try:
            do(op, args)
        except OSError as error:
            say("error", errno.errorcode[error.errno], error.filename or "")
        else:
            say("done")


main()
