#!/bin/bash
# SPDX-License-Identifier: MIT
# A file larger than the cache's budget: what was read of it goes again, comes back when it is read again, and is
# never zeros. Where somebody could not notice that it goes (a mapping) it stays.
. "$(dirname "$0")/../lib.sh"
not_plain
head -c 48M /dev/urandom >"$SRC/large"
head -c 20M /dev/urandom >"$SRC/mapped"
serve
export ALGOFS_CACHE_SIZE=8M P SRC LIB
as_user "$PYTHON" - <<'END' || fail "a file larger than the budget"
import os, subprocess, sys, time

MIB = 1 << 20
READER = """
import mmap, os, sys
P = os.environ['P']
fd = os.open(P + '/large', os.O_RDONLY)
other = os.open(P + '/mapped', os.O_RDONLY)
view = mmap.mmap(other, 12 << 20, prot=mmap.PROT_READ)
plain, mapped = (open(os.environ['SRC'] + name, 'rb') for name in ('/large', '/mapped'))
same = lambda at, size: os.pread(fd, size, at) == os.pread(plain.fileno(), size, at)
for line in sys.stdin:
    what, at, size = line.split()
    ok = same(int(at), int(size)) if what == 'read' else view[:] == os.pread(mapped.fileno(), 12 << 20, 0)
    print('ok' if ok else 'WRONG', flush=True)
"""

def cached():
    """Bytes on disk below the cache; not through the shim, which would show files as dense."""
    total = 0
    for folder, _, names in os.walk(os.environ["ALGOFS_CACHE"]):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                pass
    return total

reader = subprocess.Popen([sys.executable, "-c", READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, LD_PRELOAD=os.environ["LIB"]))
def ask(*words):
    reader.stdin.write("%s %d %d\n" % words)
    reader.stdin.flush()
    assert reader.stdout.readline() == "ok\n", words

def wait_below(limit, why):
    for _ in range(600):
        if cached() < limit:
            return
        time.sleep(0.1)
    sys.exit("%s: %d MiB in the cache" % (why, cached() // MIB))

held = 14 * MIB  # what is mapped, and a little
peak = 0
for i in range(48):
    ask("read", i * MIB, MIB)
    peak = max(peak, cached())
    if i in (20, 40):
        wait_below(held + 12 * MIB, "while it is read in sequence")
print("at most %d MiB in the cache" % (peak // MIB))
for at in (0, 5 * MIB + 17, 20 * MIB, 47 * MIB, 3):
    ask("read", at, 3 * MIB)
for i in range(60):
    ask("read", i * 7919 * 1000 % (47 * MIB), 100000)
ask("mapped", 0, 0)
wait_below(held + 12 * MIB, "after it was read here and there")
ask("mapped", 0, 0)
ask("read", 0, 2 * MIB)
reader.stdin.close()
assert reader.wait() == 0
END
log_line 'large": [0-9]+ bytes of it were dropped'
if grep -q 'mapped": [0-9]* bytes of it were dropped' "$(agent_log)"; then fail "the mapped file lost bytes"; fi
