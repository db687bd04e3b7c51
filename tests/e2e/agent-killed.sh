#!/bin/bash
# SPDX-License-Identifier: MIT
# An agent that is killed is started again by the next call, open descriptors go on.
. "$(dirname "$0")/../lib.sh"
not_plain
head -c 40000000 /dev/urandom >"$SRC/large"
echo one >"$SRC/one"
echo two >"$SRC/two"
serve
expect one in_prefix cat "$P/one"
pid=$(agent_pids)
as_user kill -9 "$pid"
expect two in_prefix cat "$P/two"
expect one in_prefix cat "$P/one"
agents_are 1
[ "$(agent_pids)" != "$pid" ] || fail "it is the same agent"

note "in the middle of a file, and a process that has a session"
in_prefix "$PYTHON" - "$P" "$SRC" "$BUILD" <<'END'
import os, signal, sys, time
place, plain, build = sys.argv[1:]
cache = os.environ["ALGOFS_CACHE"]
def agents():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open("/proc/%s/cmdline" % pid).read()
        except OSError:
            continue
        if "algofs-agent" in line and cache in line:
            found.append(int(pid))
    return found
want = open(plain + "/large", "rb").read()
fd = os.open(place + "/large", os.O_RDONLY)
got = os.read(fd, 1000)
for turn in range(3):
    for pid in agents():
        os.kill(pid, signal.SIGKILL)
    at = 3000000 + turn * 11000000
    piece = os.pread(fd, 100000, at)
    if piece != want[at:at + len(piece)] or not piece:
        sys.exit("wrong bytes at %d after a kill" % at)
for pid in agents():
    os.kill(pid, signal.SIGKILL)
while piece := os.read(fd, 1 << 20):
    got += piece
assert got == want, "the file is wrong: %d bytes of %d" % (len(got), len(want))
assert open(place + "/two").read() == "two\n"
END
agents_are 1
