#!/bin/bash
# SPDX-License-Identifier: MIT
# posix_spawn with an open, a dup2 and a chdir among its file actions, of files in the prefix never read.
. "$(dirname "$0")/../lib.sh"
seq 100000 >"$SRC/opened"
seq 200000 >"$SRC/inherited"
serve
in_prefix "$PYTHON" - "$P" "$SRC" <<'END'
import hashlib, os, sys
place, plain = sys.argv[1:]
bad = 0

def spawn(what, want_file, actions, environ):
    global bad
    want = hashlib.sha256(open(plain + want_file, "rb").read()).hexdigest()
    r, w = os.pipe()
    pid = os.posix_spawn("/usr/bin/sha256sum", ["sha256sum"], environ, file_actions=actions + [(os.POSIX_SPAWN_DUP2, w, 1)])
    os.close(w)
    got = os.read(r, 1000).split()[0].decode()
    os.close(r)
    if os.waitpid(pid, 0)[1] != 0 or got != want:
        bad = 1
        print("%s: %s instead of %s" % (what, got, want))

fd = os.open(place + "/inherited", os.O_RDONLY)
spawn("dup2 of an open file, empty environment", "/inherited", [(os.POSIX_SPAWN_DUP2, fd, 0)], {})
spawn("open, our environment", "/opened", [(os.POSIX_SPAWN_OPEN, 0, place + "/opened", os.O_RDONLY, 0)], os.environ)
spawn("open, empty environment", "/opened", [(os.POSIX_SPAWN_OPEN, 0, place + "/opened", os.O_RDONLY, 0)], {})
sys.exit(bad)
END
