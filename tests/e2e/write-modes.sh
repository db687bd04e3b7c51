#!/bin/bash
# SPDX-License-Identifier: MIT
# A folder whose mode forbids a change: the call fails as on a plain folder, and the remote has not changed.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import os, tempfile
from libsay import DIR, put, say
os.makedirs(DIR + "/ro/sub")
os.makedirs(DIR + "/ro/full")
os.makedirs(DIR + "/other")
for name in ("/ro/f", "/ro/full/a", "/mv", "/other/f"):
    put(DIR + name, name.encode())
for mode in (0o555, 0o755, 0o311, 0o000, 0o755):
    os.chmod(DIR + "/ro", mode)
    print("mode %o" % mode)
    n = "%s/ro/new%o" % (DIR, mode)
    say("list", lambda: sorted(os.listdir(DIR + "/ro")))
    say("stat", lambda: os.stat(DIR + "/ro/f").st_size)
    if mode == 0o755:
        continue
    say("mkdir", os.mkdir, DIR + "/ro/f")
    say("rmdir", os.rmdir, DIR + "/ro/full")
    if mode == 0o311:
        continue
    say("mkdir", os.mkdir, n)
    say("create", lambda: open(n, "w").close())
    say("unlink", os.unlink, DIR + "/ro/f")
    say("unlink none", os.unlink, DIR + "/ro/none")
    say("rmdir", os.rmdir, DIR + "/ro/sub")
    say("rmdir a file", os.rmdir, DIR + "/ro/f")
    say("rename out", os.rename, DIR + "/ro/f", DIR + "/g")
    say("rename in", os.rename, DIR + "/mv", DIR + "/ro/mv")
    say("rename over", os.rename, DIR + "/mv", DIR + "/ro/f")
    say("rename within", os.rename, DIR + "/ro/f", DIR + "/ro/g")
    say("rename a folder", os.rename, DIR + "/ro/full", DIR + "/ro/full2")
    say("rename a folder out", os.rename, DIR + "/ro/full", DIR + "/full2")
    say("temporary", lambda: tempfile.mkdtemp(dir=DIR + "/ro"))
    say("write", put, DIR + "/ro/f", b"%o" % mode)
os.chmod(DIR + "/other", 0o555)
say("move a folder that may not change", os.rename, DIR + "/other", DIR + "/ro/other")
say("rename it where it is", os.rename, DIR + "/other", DIR + "/another")
os.chmod(DIR + "/another", 0o755)
END
must_work
