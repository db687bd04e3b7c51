#!/bin/bash
# SPDX-License-Identifier: MIT
# chmod, utime and the mode of a new file are kept in the tree, over uploads and listings; size is the file's.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
cat >"$T/show.py" <<'END'
import os, stat
from libsay import DIR
for name in sorted(os.listdir(DIR)):
    st = os.stat(DIR + "/" + name)
    times = st.st_mtime_ns if name.startswith("timed") else ""
    print(name, oct(st.st_mode), st.st_size if stat.S_ISREG(st.st_mode) else "", times)
END
both "$PYTHON" - <<'END'
import os
from libsay import DIR, opened, put, say
put(DIR + "/default", b"x")
for mode in (0o600, 0o755, 0o444, 0o777, 0o640):
    fd = opened("create", DIR + "/mode%o" % mode, os.O_WRONLY | os.O_CREAT, mode)
    os.write(fd, b"x" * 10)
    os.close(fd)
os.umask(0o077)
put(DIR + "/masked", b"x")
os.mkdir(DIR + "/masked-dir")
os.umask(0o022)
put(DIR + "/changed", b"x")
say("chmod", os.chmod, DIR + "/changed", 0o4711 & 0o777)
fd = opened("open", DIR + "/changed", os.O_RDWR)
say("fchmod", os.fchmod, fd, 0o710)
os.write(fd, b"longer")
os.close(fd)
say("chmod of nothing", os.chmod, DIR + "/none", 0o600)
for name in ("timed1", "timed2", "timed3"):
    put(DIR + "/" + name, b"some bytes")
say("utime", os.utime, DIR + "/timed1", (1000000000, 1100000000))
say("utime ns", os.utime, DIR + "/timed2", ns=(1000000000123456789, 1100000000987654321))
fd = opened("open", DIR + "/timed3", os.O_RDWR)
os.write(fd, b"and more of them")
say("futimens", os.utime, fd, (1200000000, 1300000000))
say("close", os.close, fd)
say("chown to oneself", os.chown, DIR + "/changed", os.getuid(), os.getgid())
say("chown of nothing", os.chown, DIR + "/none", 0, 0)
put(DIR + "/only-read", b"x")
os.chmod(DIR + "/only-read", 0o400)
opened("write to what is read only", DIR + "/only-read", os.O_WRONLY)
END
must_work
show() {
    as_user env DIR="$PLAIN" "$PYTHON" "$T/show.py" >"$T/plain.said"
    in_prefix DIR="$C" "$@" "$PYTHON" "$T/show.py" >"$T/prefix.said"
    expect_same "$T/plain.said" "$T/prefix.said"
}
show
note "by a new listing, which tells of no modes"
show ALGOFS_TTL=0
show ALGOFS_TTL=0
note "by touch, chmod and cp -p"
# shellcheck disable=SC2016
both bash -eu <<'END'
cd "$DIR"
touch -d '2001-02-03 04:05:06 UTC' timed4
touch -r timed4 timed5
chmod u+x timed4
chmod 600 timed5
cp -p timed4 timed6
install -m 751 timed4 installed
stat -c '%n %a %Y %s' timed[456]
END
must_work
show ALGOFS_TTL=0
