#!/bin/bash
# SPDX-License-Identifier: MIT
# Descriptors that are doubled, inherited, passed on, shared by fork, or never closed.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import array, os, socket, subprocess, sys
from libsay import DIR, get, say

def create(name, more=0):
    return os.open(DIR + "/" + name, os.O_RDWR | os.O_CREAT | more, 0o644)

fd = create("dup")
other = os.dup(fd)
os.write(fd, b"one ")
say("close of one", os.close, fd)
os.write(other, b"two ")
third = os.dup2(other, 77)
say("close of the second", os.close, other)
os.write(third, b"three")
say("close of the last", os.close, third)
say("dup", get, DIR + "/dup")

fd = create("replaced")
os.write(fd, b"before dup2 takes its number")
null = os.open("/dev/null", os.O_RDWR)
say("dup2 over it", lambda: os.dup2(null, fd) == fd)
os.close(fd)
say("replaced", get, DIR + "/replaced")

fd = create("inherited")
for program in (["/bin/echo", "echo"], ["/bin/sh", "-c", "echo sh"], [sys.executable, "-c", "print('python')"]):
    say("child", subprocess.call, program, stdout=fd)
say("child by number", subprocess.call, ["/bin/sh", "-c", "echo number >&%d" % fd], pass_fds=[fd])
os.write(fd, b"parent\n")
say("close", os.close, fd)
say("inherited", get, DIR + "/inherited")

fd = create("appended", os.O_APPEND)
children = []
for number in range(4):
    pid = os.fork()
    if pid == 0:
        for line in range(100):
            os.write(fd, b"%d\n" % number)
        os._exit(0)
    children.append(pid)
for line in range(100):
    os.write(fd, b"p\n")
for pid in children:
    say("child", lambda: os.waitpid(pid, 0)[1])
say("close", os.close, fd)
lines = get(DIR + "/appended").split()
print({mark: lines.count(mark) for mark in sorted(set(lines))})
with open(DIR + "/appended", "wb") as file: # the order is by chance
    file.write(b"\n".join(sorted(lines)))

left, right = socket.socketpair()
pid = os.fork()
if pid == 0:
    left.close()
    data, fds, _, _ = socket.recv_fds(right, 10, 1)
    os.write(fds[0], b"passed")
    os.close(fds[0])
    os._exit(0)
fd = create("passed")
socket.send_fds(left, [b"x"], [fd])
say("child", lambda: os.waitpid(pid, 0)[1])
os.write(fd, b" and kept")
say("close", os.close, fd)

fd = create("by-proc")
with open("/proc/self/fd/%d" % fd, "wb") as file:
    file.write(b"by its link in /proc")
say("close", os.close, fd)
say("by-proc", get, DIR + "/by-proc")
fd = create("ranges")
os.write(fd, b"closed by a range")
os.closerange(fd, fd + 5)
END
must_work
note "processes that end without closing"
# shellcheck disable=SC2016
for way in exit kill exec; do
    for place in "$PLAIN" "$C"; do
        run=(as_user env); [ "$place" = "$PLAIN" ] || run=(in_prefix)
        "${run[@]}" DIR="$place" WAY="$way" "$PYTHON" -c '
import os, signal
way = os.environ["WAY"]
fd = os.open(os.environ["DIR"] + "/ended-by-" + way, os.O_WRONLY | os.O_CREAT, 0o644)
os.write(fd, b"not closed " * 1000)
if way == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if way == "exec":
    os.execv("/bin/true", ["true"])
os._exit(0)' || true
    done
done
note "a daemon that goes on after its parent"
in_prefix bash -c '(sleep 0.5; echo later) >"$0/daemon" 2>/dev/null &' "$C"
as_user sh -c 'echo later >"$0/daemon"' "$PLAIN"
sleep 1
for _ in $(seq 100); do
    [ "$(cat "$REMOTE/daemon" 2>/dev/null)" != later ] || break
    sleep 0.1
done
drained
same_at_server
read_back
