#!/bin/bash
# SPDX-License-Identifier: MIT
# os.walk, os.scandir, glob, pathlib and os.listdir agree with the source.
. "$(dirname "$0")/../lib.sh"
make_tree 300 --big 1000000
serve
in_prefix "$PYTHON" - "$SRC" "$P" <<'END'
import glob, os, pathlib, sys
plain, prefix = sys.argv[1:]

def walk(top):
    return sorted((os.path.relpath(r, top), sorted(d), sorted(f)) for r, d, f in os.walk(top))

def fwalk(top):
    return sorted((os.path.relpath(r, top), sorted(d), sorted(f)) for r, d, f, _ in os.fwalk(top))

def scan(top):
    found = []
    with os.scandir(top) as entries:
        for e in entries:
            s = e.stat(follow_symlinks=False)
            found.append((e.name, e.is_dir(), e.is_file(), e.is_symlink(), e.inode() == os.stat(e.path).st_ino)
                         + (() if e.is_dir() else (s.st_size, s.st_mtime_ns)))
            if e.is_dir():
                found += [(e.name + "/" + each[0],) + each[1:] for each in scan(e.path)]
    return sorted(found)

def pattern(top):
    return sorted(os.path.relpath(p, top) for p in glob.glob(top + "/**/*[0-9]*", recursive=True, include_hidden=True))

def paths(top):
    return sorted(str(p.relative_to(top)) for p in pathlib.Path(top).rglob("*"))

def by_fd(top):
    fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return sorted((n, os.stat(n, dir_fd=fd).st_size if not os.path.isdir(top + "/" + n) else None)
                      for n in os.listdir(fd))
    finally:
        os.close(fd)

bad = 0
for way in (walk, fwalk, scan, pattern, paths, by_fd):
    want, got = way(plain), way(prefix)
    assert want
    if want != got:
        bad = 1
        print(way.__name__, "differs:", [x for x in want if x not in got][:5], [x for x in got if x not in want][:5])
sys.exit(bad)
END
