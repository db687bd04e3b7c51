#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tree that the read tests use: awkward names, awkward sizes, no byte that a hole could be.

    lib-tree.py make DIR SUMS --count N [--big BYTES]    fill DIR; write what is in it to SUMS
    lib-tree.py check DIR SUMS                           compare DIR with SUMS, print what differs
    lib-tree.py names SUMS                               relative names, each ended by a NUL
"""
import argparse
import hashlib
import json
import os
import random
import sys

NAMES = [
    "a b", " leading", "trailing ", "100%", "%41", "%2F", "%2e%2e", "a%20b", "%", "%%", "%00", "a+b", "+", "#1", "a#b",
    "q?x=1&y=2", "?", "a&b=c;d", "a:b", "http:", "a,b", "a@b", "~", "~user", "$HOME", "`id`", "*", "[a-c]", "{a,b}", "!",
    "-n", "--help", "-", "'quote", '"double"', "back\\slash", "\\n", "tab\there", "line\nbreak", "\x01control", "\x7f",
    ".hidden", "..two", "...", "...more", "dot.", "a.b.c", "con", "(paren)", "<angle>", "|pipe", "^caret", "=",
    "caf\u00e9", "cafe\u0301", "\u65e5\u672c\u8a9e", "\U0001f600 smile", "\u202eright to left", "\ufeffbom",
    "\u00a0", "n" * 255, "\u8a9e" * 85, "%" * 255, "é" * 127, "UPPER", "upper",
]
FOLDERS = ["plain", "with space", "100%", "a+b", "#hash", "q?x", "\u65e5\u672c", "-dash", "line\nbreak", "d" * 255, "deep/" * 12 + "end"]
KIB, MIB = 1024, 1024 * 1024
SIZES = [0, 1, 2, 511, 512, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 128 * KIB + 1, MIB - 1, MIB, MIB + 1,
         2 * MIB + 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 8 * MIB + 3, 16 * MIB - 1, 33 * MIB + 7]


def plan(count, big):
    """[(relative name, size)], of count files at least."""
    files = [("big/%d MB.bin" % (big // 1000000), big)]
    files += [("sizes/size-%d" % size, size) for size in SIZES]
    files += [("names/" + name, 10 + 97 * i % 5000) for i, name in enumerate(NAMES)]
    files += [("folders/%s/%s" % (folder, name), 700 + i)
              for i, folder in enumerate(FOLDERS) for name in ("file", "a b%#?+.txt")]
    chance = random.Random(count)
    files += [("many/%02d/file-%05d" % (i % 7, i), chance.randrange(0, 20000)) for i in range(count - len(files))]
    return files


def content(seed, size):
    """size bytes, none of them zero for long: pieces of random numbers without a NUL."""
    chance = random.Random(seed)
    block = chance.randbytes(min(size, MIB)).replace(b"\0", b"\1")
    for i in range(-(-size // MIB) if size else 0):
        piece = block[i % 251:] + block[:i % 251]
        if size >= 8:
            piece = b"%08x" % (i & 0xffffffff) + piece[8:]
        yield piece[:min(MIB, size - i * MIB)]


def make(folder, sums, count, big):
    known = {}
    for i, (name, size) in enumerate(plan(count, big)):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        digest = hashlib.sha256()
        with open(path, "wb") as file:
            for piece in content(i, size):
                file.write(piece)
                digest.update(piece)
        when = 978307200 + i * 86413 % (4102444800 - 978307200)  # 2001 to 2100, past 2038 too
        os.utime(path, (when, when))
        assert os.stat(path).st_size == size
        known[name] = [size, digest.hexdigest()]
    os.makedirs(os.path.join(folder, "empty folder"))
    with open(sums, "w") as file:
        json.dump(known, file)


def load(sums):
    with open(sums) as file:
        return json.load(file)


def file_digest(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


def compare(known, found):
    """Prints what differs between two {name: digest}; returns 0 when nothing does."""
    bad = ["missing: %r" % name for name in sorted(known.keys() - found.keys())]
    bad += ["not expected: %r" % name for name in sorted(found.keys() - known.keys())]
    bad += ["differs: %r (%d bytes)" % (name, known[name][0])
            for name in sorted(known.keys() & found.keys()) if known[name][1] != found[name]]
    for line in bad[:50]:
        print(line)
    if bad:
        print("%d of %d files are wrong" % (len(bad), len(known)))
    return 1 if bad else 0


def check(folder, sums):
    found = {}
    for root, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(root, name)
            found[os.path.relpath(path, folder)] = file_digest(path)
    return compare(load(sums), found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("make")
    one.add_argument("folder")
    one.add_argument("sums")
    one.add_argument("--count", type=int, default=2000)
    one.add_argument("--big", type=int, default=200000000)
    one = commands.add_parser("check")
    one.add_argument("folder")
    one.add_argument("sums")
    commands.add_parser("names").add_argument("sums")
    args = parser.parse_args()
    if args.command == "make":
        return make(args.folder, args.sums, args.count, args.big)
    if args.command == "check":
        return check(args.folder, args.sums)
    sys.stdout.buffer.write(b"".join(name.encode() + b"\0" for name in load(args.sums)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
