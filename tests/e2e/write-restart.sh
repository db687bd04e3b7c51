#!/bin/bash
# SPDX-License-Identifier: MIT
# The agent goes (stopped, killed) while a file that the remote has is open and changed: the next one still knows
# that the remote has it, so that unlink, rename and being replaced take its old name away there.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection
for way in stop kill; do
    note "$way"
    in_prefix DIR="$C" WAY="$way" PROGRAM="$BUILD/bin/algofs" "$PYTHON" - <<'END' || fail "$way"
import os, signal, subprocess, sys
from libsay import DIR, get, put
remote = os.environ["REMOTE"]

def agents():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid) as file:
                line = file.read()
        except OSError:
            continue
        if "algofs-agent" in line and os.environ["ALGOFS_CACHE"] in line:
            yield int(pid)

def lose_agent():
    if os.environ["WAY"] == "stop":
        subprocess.run([os.environ["PROGRAM"], "stop"], check=True, stdout=subprocess.DEVNULL)
    for pid in agents():
        os.kill(pid, signal.SIGKILL)

bad = []

def missing(top, other):
    """What is not the same in `other` as in `top`."""
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(other, os.path.relpath(os.path.join(folder, name), top))
            if not os.path.exists(path):
                yield "%s is not there" % path
            elif get(path) != get(os.path.join(folder, name)):
                yield "%s differs" % path

def try_one(what, how, change):
    name = "%s %s, %s" % (os.environ["WAY"], what, how) # a folder of its own
    top = DIR + "/" + name
    os.makedirs(top + "/d")
    for each in ("/f", "/d/f", "/new"):
        if how == "opened again" or each == "/new":
            put(top + each, b"on the remote")
    fds = [os.open(top + each, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) for each in ("/f", "/d/f")]
    for fd in fds:
        if how == "made and synced":
            os.fsync(fd)
        os.write(fd, b", changed")
    lose_agent()
    change(top)
    for fd in fds:
        os.close(fd)
    for each in list(missing(top, remote + "/" + name)) + list(missing(remote + "/" + name, top)):
        bad.append("%s: %s" % (name, each))

for how in ("opened again", "made and synced"):
    try_one("unlink", how, lambda top: os.unlink(top + "/f"))
    try_one("rename", how, lambda top: os.rename(top + "/f", top + "/g"))
    try_one("rename of a folder", how, lambda top: os.rename(top + "/d", top + "/e"))
    try_one("replaced", how, lambda top: os.rename(top + "/new", top + "/f"))
for each in bad:
    print(each)
sys.exit(bool(bad))
END
done
nothing_pending
