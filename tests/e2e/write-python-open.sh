#!/bin/bash
# SPDX-License-Identifier: MIT
# Python's open() in every mode that writes, on new and on old files; pathlib, tempfile and shutil.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
both "$PYTHON" - <<'END'
import os, pathlib, shutil, tempfile
from libsay import DIR, get, put, say, tree
for number, mode in enumerate(("w", "w+", "a", "a+", "x", "x+", "r+")):
    for kind in ("t", "b"):
        for old in (True, False):
            path = "%s/%d%s-%s" % (DIR, number, kind, "old" if old else "new")
            if old:
                put(path, b"line one\nline two\n")
            file = say("open %s%s %s" % (mode, kind, "old" if old else "new"), open, path, mode + kind)
            if file is None:
                continue
            text = "added\n" if kind == "t" else b"added\n"
            with file:
                say("  tell", file.tell)
                say("  write", file.write, text)
                if "+" in mode:
                    say("  seek", file.seek, 5)
                    say("  read", file.read)
                    say("  seek", file.seek, 2)
                    say("  write", file.write, text[:1])
                    say("  truncate", file.truncate, 9)
            say("  content", get, path)
top = pathlib.Path(DIR)
(top / "deep" / "er").mkdir(parents=True)
say("write_text", (top / "deep" / "text").write_text, "häßlich\n")
say("write_bytes", (top / "deep" / "er" / "bytes").write_bytes, bytes(range(256)) * 100)
say("touch", (top / "deep" / "touched").touch)
say("touch again", (top / "deep" / "touched").touch, exist_ok=False)
say("replace", lambda: (top / "deep" / "text").replace(top / "deep" / "renamed") and None)
say("copytree", lambda: shutil.copytree(DIR + "/deep", DIR + "/copy") and None)
say("move", lambda: shutil.move(DIR + "/copy/renamed", DIR + "/copy/er/renamed") and None)
say("rmtree", shutil.rmtree, DIR + "/deep")
with tempfile.TemporaryDirectory(dir=DIR) as folder:
    put(folder + "/x", b"x")
with tempfile.NamedTemporaryFile(dir=DIR) as file:
    file.write(b"temporary")
    file.flush()
    say("size", lambda: os.stat(file.name).st_size)
with tempfile.TemporaryFile(dir=DIR) as file: # O_TMPFILE, else a name that is removed at once
    file.write(b"nameless")
    file.seek(0)
    say("nameless", file.read)
with tempfile.NamedTemporaryFile(dir=DIR, delete=False) as file:
    file.write(b"kept")
os.rename(file.name, DIR + "/kept")
print(len(tree()))
END
must_work
read_back
