#!/bin/bash
# SPDX-License-Identifier: MIT
# Files of the remote are changed in place: a byte in the middle, an append, a cut, of files small and large,
# cold or half read before; what was not changed stays as it was.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
for name in cold read half mapped; do
    for size in 100 4000000 9000001; do
        head -c "$size" /dev/urandom >"$PLAIN/$name-$size"
    done
done
cp -r "$PLAIN/." "$REMOTE"
[ "$(id -u)" != 0 ] || chown -R 65534 "$PLAIN" "$REMOTE"
both "$PYTHON" - <<'END'
import mmap, os
from libsay import DIR, get, say
for size in (100, 4000000, 9000001):
    get("%s/read-%d" % (DIR, size))
    half = open("%s/half-%d" % (DIR, size), "rb", buffering=0)
    half.seek(size // 2)
    half.read(10)
    for name in ("cold", "read", "half", "mapped"):
        path = "%s/%s-%d" % (DIR, name, size)
        fd = os.open(path, os.O_RDWR)
        if name == "mapped":
            with mmap.mmap(fd, 0) as view:
                view[size // 3:size // 3 + 3] = b"MAP"
        say("pwrite", os.pwrite, fd, b"middle", size // 2)
        say("pread", lambda: len(os.pread(fd, size, 0)))
        say("close", os.close, fd)
        with open(path, "ab") as file:
            file.write(b"at the end")
        if name == "half":
            os.truncate(path, size - 7)
    say("seen by who has it open", lambda: (half.seek(size // 2), half.read(10))[1][:6])
    half.close()
END
must_work
read_back
