#!/bin/bash
# SPDX-License-Identifier: MIT
# Write a temporary, rename it over the target: one upload where the temporary was not committed before, and no
# reader, here or on the server's disk, ever sees a target that is neither the old nor the new one.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection
put_over='
import os
from libsay import DIR
fd = os.open(DIR + "/t.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
os.write(fd, b"new" * 1000)
'
note "renamed before it was closed: one upload, under the target's name"
in_prefix DIR="$C" "$PYTHON" -c "$put_over"'
os.rename(DIR + "/t.tmp", DIR + "/t"); os.close(fd)'
expect_equal "uploads of the temporary" 0 "$(uploads '/c/t.tmp')"
expect_equal "uploads of the target" 1 "$(uploads '/c/t([?].*)?$')"
expect_equal "size at the server" 3000 "$(stat -c %s "$REMOTE/t")"

note "closed, then renamed: the server never has the temporary afterwards"
in_prefix DIR="$C" "$PYTHON" -c "$put_over"'
os.close(fd); os.rename(DIR + "/t.tmp", DIR + "/u")'
expect_equal "files at the server" "t u" "$(echo $(ls "$REMOTE"))"

note "async: closed and renamed, one upload"
before=$(uploads '/c/')
in_prefix DIR="$C" ALGOFS_WRITEBACK=async "$PYTHON" -c "$put_over"'
os.close(fd); os.rename(DIR + "/t.tmp", DIR + "/v")'
drained
expect_equal "files at the server" "t u v" "$(echo $(ls "$REMOTE"))"
after=$(uploads '/c/')
[ $((after - before)) -le 2 ] || fail "$((after - before)) uploads for one file"

note "readers here and on the server's disk see old or new"
# shellcheck disable=SC2016
in_prefix sh -c 'head -c 300000 /dev/zero | tr "\0" 0 >"$0/target"' "$C"
in_prefix DIR="$C" PYTHONUNBUFFERED=1 "$PYTHON" - <<'END' || fail "a torn target"
import os, sys
from libsay import DIR
SIZE, ROUNDS = 300000, 12
go, stop = os.pipe()
pid = os.fork()
if pid == 0: # the reader
    os.close(stop)
    os.set_blocking(go, False)
    seen = set()
    while True:
        try:
            if os.read(go, 1) == b"":
                break
        except BlockingIOError:
            pass
        for top in (DIR, os.environ["REMOTE"]):
            with open(top + "/target", "rb") as file:
                data = file.read()
            if len(data) != SIZE or data.count(data[:1]) != SIZE:
                print("torn in %s: %d bytes, %s" % (top, len(data), sorted(set(data))))
                os._exit(1)
            seen.add(data[:1])
    print("the reader saw", sorted(seen))
    os._exit(0 if len(seen) > 1 else 2)
os.close(go)
for number in range(1, ROUNDS):
    fd = os.open(DIR + "/target.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    for piece in range(3):
        os.write(fd, b"%c" % (48 + number) * (SIZE // 3))
    if number % 2:
        os.close(fd)
    os.rename(DIR + "/target.tmp", DIR + "/target")
    if number % 2 == 0:
        os.close(fd)
os.close(stop)
sys.exit(os.waitpid(pid, 0)[1] != 0)
END
not_at_server target.tmp
nothing_pending
