#!/bin/bash
# SPDX-License-Identifier: MIT
# open(2) for writing with every combination of its flags does what it does on a plain folder.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import itertools, os
from libsay import DIR, get, opened, put, say
os.mkdir(DIR + "/dir")
count = 0
for access in ("O_RDONLY", "O_WRONLY", "O_RDWR"):
    for more in itertools.product(("", "O_CREAT"), ("", "O_EXCL"), ("", "O_TRUNC"), ("", "O_APPEND")):
        names = [access] + [m for m in more if m]
        if "O_EXCL" in names and "O_CREAT" not in names:
            continue # undefined
        flags = 0
        for name in names:
            flags |= getattr(os, name)
        for target in ("new", "old", "dir", "none/x", "old-as-folder/x", "slash/"):
            count += 1
            here = "%s/%d." % (DIR, count)
            what = "%s %s" % ("|".join(names), target)
            if target.startswith("old"):
                put(here + target.split("/")[0], b"0123456789")
            path = DIR + "/dir" if target == "dir" else here + target
            fd = opened(what, path, flags, 0o640)
            if fd is None:
                continue
            say("  write", os.write, fd, b"ab")
            say("  seek", os.lseek, fd, 0, os.SEEK_CUR)
            say("  pread", os.pread, fd, 100, 0)
            say("  close", os.close, fd)
            say("  content", get, path) if os.path.isfile(path) else print("  a folder")
END
must_work
grep -q 'ENOTDIR' "$T/want" && grep -q 'EISDIR' "$T/want" && grep -q 'EEXIST' "$T/want" || fail "the test shows nothing"
read_back
