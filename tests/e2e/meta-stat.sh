#!/bin/bash
# SPDX-License-Identifier: MIT
# stat of a file says the same before it is fetched, while a descriptor is open, and after.
. "$(dirname "$0")/../lib.sh"
make_tree 150 --big 40000000
serve
format='%F|%s|%y|%h|%n'
relevant() { sed "s|regular empty file|regular file|"; }
(cd "$SRC" && find . -type f -print0 | sort -z | xargs -0 stat -c "$format") | relevant >"$T/want"
look() { P=$P in_prefix bash -euc 'cd "$P"; find . -type f -print0 | sort -z | xargs -0 stat -c "$0"' "$format" | relevant; }
look >"$T/got"
expect_same "$T/want" "$T/got"
in_prefix find "$P" -type f -exec cat {} + >/dev/null
look >"$T/got"
expect_same "$T/want" "$T/got"

note "inode, ctime and mtime do not move under a reader"
fresh_cache
in_prefix "$PYTHON" - "$P/big/40 MB.bin" <<'END'
import os, sys
path = sys.argv[1]
def key(s):
    return (s.st_dev, s.st_ino, s.st_size, s.st_blocks, s.st_mtime_ns, s.st_ctime_ns, s.st_mode, s.st_nlink)
before = key(os.stat(path))
fd = os.open(path, os.O_RDONLY)
steps = [("opened", key(os.fstat(fd)))]
os.pread(fd, 100, 0)
steps.append(("read a little", key(os.fstat(fd))))
while os.read(fd, 1 << 20):
    pass
steps += [("read all, fstat", key(os.fstat(fd)))]
bad = [(what, before, now) for what, now in steps if now != before]
after = key(os.stat(path))
if after[:5] + after[6:] != before[:5] + before[6:]:  # the ctime may settle once nobody holds it open
    bad.append(("read all, stat", before, after))
for line in bad:
    print(*line, sep="\n  ")
sys.exit(bool(bad))
END
