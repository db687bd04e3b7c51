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
for what, change in (
        ("unlink", lambda: os.unlink(DIR + "/f")),
        ("rename", lambda: os.rename(DIR + "/f", DIR + "/g")),
        ("rename of a folder", lambda: os.rename(DIR + "/d", DIR + "/e")),
        ("replaced", lambda: os.rename(DIR + "/new", DIR + "/f"))):
    os.mkdir(DIR + "/d")
    for name in ("f", "d/f", "new"):
        put(DIR + "/" + name, b"on the remote")
    fds = [os.open(DIR + "/" + name, os.O_WRONLY | os.O_APPEND) for name in ("f", "d/f")]
    for fd in fds:
        os.write(fd, b", changed")
    lose_agent()
    change()
    for fd in fds:
        os.close(fd)
    for top, other in ((DIR, remote), (remote, DIR)):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(other, os.path.relpath(os.path.join(folder, name), top))
                if not os.path.exists(path):
                    bad.append("%s: %s is not there" % (what, path))
                elif get(path) != get(os.path.join(folder, name)):
                    bad.append("%s: %s differs" % (what, path))
    subprocess.run(["rm", "-rf"] + [DIR + "/" + n for n in os.listdir(DIR)], check=True)
    left = os.listdir(remote)
    if left:
        bad.append("%s: left on the server: %s" % (what, left))
        subprocess.run(["rm", "-rf"] + [remote + "/" + n for n in left])
for each in bad:
    print(each)
sys.exit(bool(bad))
END
done
nothing_pending
