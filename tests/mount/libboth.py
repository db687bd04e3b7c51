# SPDX-License-Identifier: MIT
"""Shim and mount at once on the same files.

    libboth.py --shim DIR --mount DIR --truth DIR --preload LIB --each N (--ops N | --seconds S) --seed N

N processes a side work on one set of files, all at the same time. A file's truth is a plain file in --truth; whoever
works on it holds a lock on a third file, so that what one process closed, the next reads, through whichever door: it
must be the truth, at once. Beside that every process counts: it adds one to a number in a file under an flock, and
to another under a POSIX lock, both taken in the tree; in the end the numbers are what was added, or locks did not
exclude.
"""
import argparse
import fcntl
import hashlib
import os
import random
import subprocess
import sys
import time

FILES = ["a", "b", "c", "d", "e/f", "e/g"]
SIZES = [0, 1, 10, 4096, 5000, 70000, 300000]


def whole(path):
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except FileNotFoundError:
        return None


def digest(data):
    return "absent" if data is None else "%d bytes %s" % (len(data), hashlib.md5(data).hexdigest()[:8])


class Turn:
    """One process's turn at one file, under a lock on a file that no door serves."""
    def __init__(self, args, name):
        self.lock = os.open(os.path.join(args.truth, "lock-" + name.replace("/", "-")), os.O_RDWR | os.O_CREAT, 0o666)
        self.truth = os.path.join(args.truth, name.replace("/", "-"))

    def __enter__(self):
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        return self.truth

    def __exit__(self, *_):
        os.close(self.lock)


def put(path, data):
    with open(path, "wb", buffering=0) as file:
        at = 0
        while at < len(data):
            at += file.write(data[at:])


def append(path, data):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        while data:
            data = data[os.write(fd, data):]
    finally:
        os.close(fd)


def work(args, place, chance, name):
    path = os.path.join(place, name)
    with Turn(args, name) as truth:
        want = whole(truth)
        got = whole(path)
        if got != want:
            raise AssertionError("%s is %s instead of %s" % (path, digest(got), digest(want)))
        if want is not None and os.stat(path).st_size != len(want):
            raise AssertionError("%s has size %d instead of %d" % (path, os.stat(path).st_size, len(want)))
        if (os.path.basename(name) in os.listdir(os.path.dirname(path))) != (want is not None):
            raise AssertionError("%s is listed wrongly" % path)
        data = chance.randbytes(chance.choice(SIZES))
        way = chance.choice(["put", "put", "append", "remove", "new", "truncate", "look"])
        if way == "put":
            put(path, data)
            put(truth, data)
        elif way == "append" and want is not None:
            append(path, data)
            append(truth, data)
        elif way == "truncate" and want is not None:
            for each in (path, truth):
                os.truncate(each, len(want) // 2)
        elif way == "remove" and want is not None:
            os.unlink(path)
            os.unlink(truth)
        elif way == "new": # as editors do it
            fresh = "%s.%d" % (path, os.getpid())
            put(fresh, data)
            os.rename(fresh, path)
            put(truth, data)


def count(place, name, take, give):
    fd = os.open(os.path.join(place, name), os.O_RDWR)
    take(fd)
    number = int(os.pread(fd, 20, 0))
    os.pwrite(fd, b"%019d\n" % (number + 1), 0)
    give(fd)
    os.close(fd)


def be_worker(args):
    place = args.shim if args.side == "shim" else args.mount
    chance = random.Random("%d %s %d" % (args.seed, args.side, args.worker))
    until = time.monotonic() + args.seconds if args.seconds else None
    done = 0
    while time.monotonic() < until if until else done < args.ops:
        work(args, place, chance, chance.choice(FILES))
        count(place, "flock", lambda fd: fcntl.flock(fd, fcntl.LOCK_EX), lambda fd: fcntl.flock(fd, fcntl.LOCK_UN))
        count(place, "posix", lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX), lambda fd: fcntl.lockf(fd, fcntl.LOCK_UN))
        done += 1
    print(done)


def main():
    parser = argparse.ArgumentParser()
    for name in ("shim", "mount", "truth", "preload"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--each", type=int, default=4)
    parser.add_argument("--ops", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--side", default="")
    parser.add_argument("--worker", type=int, default=0)
    args = parser.parse_args()
    if args.side:
        be_worker(args)
        return
    os.mkdir(os.path.join(args.mount, "e"))
    for name in ("flock", "posix"):
        put(os.path.join(args.mount, name), b"%019d\n" % 0)
    workers = []
    for side in ("shim", "mount"):
        env = dict(os.environ, LD_PRELOAD=args.preload) if side == "shim" else os.environ
        for number in range(args.each):
            workers.append(subprocess.Popen([sys.executable] + sys.argv + ["--side", side, "--worker", str(number)], env=env,
                                            stdout=subprocess.PIPE, text=True))
    done = 0
    failed = False
    for worker in workers:
        out, _ = worker.communicate()
        failed |= worker.returncode != 0
        done += int(out) if worker.returncode == 0 else 0
    if failed:
        sys.exit("a worker failed, seed %d" % args.seed)
    for name in ("flock", "posix"):
        number = int(whole(os.path.join(args.mount, name)))
        if number != done:
            sys.exit("%s: %d were added, the number is %d: locks do not exclude" % (name, done, number))
    print("%d rounds of %d processes" % (done, len(workers)))


if __name__ == "__main__":
    main()
