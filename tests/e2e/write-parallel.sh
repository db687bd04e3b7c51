#!/bin/bash
# SPDX-License-Identifier: MIT
# Eight processes, eight threads, and a thousand turns on one file: nothing is mixed up, uploads run side by side.
. "$(dirname "$0")/../lib-write.sh"
serve_collection --delay 5
both "$PYTHON" - <<'END'
import fcntl, os, threading
from libsay import DIR, get, put, tree

def work(who):
    for number in range(12):
        path = "%s/%s-%d" % (DIR, who, number)
        put(path, b"%s %d " % (who.encode(), number) * 3000)
        with open(path, "ab") as file:
            file.write(b"end")
        if number % 3 == 0:
            os.rename(path, path + ".renamed")
        elif number % 3 == 1:
            assert get(path).endswith(b"end")
    os.mkdir("%s/dir-%s" % (DIR, who))

pids = []
for number in range(8):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work("process%d" % number)
            status = 0
        finally:
            os._exit(status)
    pids.append(pid)
print([os.waitpid(pid, 0)[1] for pid in pids])
failures = []

def safe(who):
    try:
        work(who)
    except Exception as error:
        failures.append("%s: %s" % (who, error))

threads = [threading.Thread(target=safe, args=("thread%d" % n,)) for n in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(failures)

# A counter behind a lock: each turn reads what the others have written.
put(DIR + "/counter", b"0")
pids = []
for number in range(4):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for turn in range(10):
                with open(DIR + "/counter", "r+b") as file:
                    fcntl.lockf(file, fcntl.LOCK_EX)
                    value = int(file.read())
                    file.seek(0)
                    file.write(b"%d" % (value + 1))
                    file.flush()
            status = 0
        finally:
            os._exit(status)
    pids.append(pid)
print([os.waitpid(pid, 0)[1] for pid in pids], get(DIR + "/counter"))
print(len(tree()))
END
must_work
grep -q "b'40'" "$T/want" || { cat "$T/want"; fail "the test itself is wrong"; }
nothing_pending
read_back
