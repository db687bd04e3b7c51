#!/bin/bash
# SPDX-License-Identifier: MIT
# When fsync, fdatasync, close or fclose returned 0, the server has the bytes; in async mode fsync still waits,
# with ALGOFS_FSYNC=local it does not have to, and everything is there in the end.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection --delay 20
# shellcheck disable=SC2016
script='
import os, sys
from libsay import DIR, get
remote = os.environ["REMOTE"]
def there(name, want, when):
    path = remote + "/" + name
    got = get(path) if os.path.exists(path) else None
    if got != want:
        sys.exit("%s: %s instead of %s is on the server after %s" % (name, got, want, when))
'
in_prefix DIR="$C" "$PYTHON" -c "$script"'
for name in ("fsync", "fdatasync"):
    call = getattr(os, name)
    fd = os.open(DIR + "/" + name, os.O_WRONLY | os.O_CREAT, 0o644)
    os.write(fd, b"one"); call(fd); there(name, b"one", name)
    os.write(fd, b"two"); call(fd); there(name, b"onetwo", name)
    os.ftruncate(fd, 4); call(fd); there(name, b"onet", name + " after ftruncate")
    call(fd)
    os.pwrite(fd, b"O", 0); os.close(fd); there(name, b"Onet", "close")
with open(DIR + "/stream", "w") as file:
    file.write("one\n"); file.flush(); os.fsync(file.fileno()); there("stream", b"one\n", "flush and fsync")
    file.write("two\n")
there("stream", b"one\ntwo\n", "close of the stream")
os.truncate(DIR + "/stream", 2); there("stream", b"on", "truncate")
os.mkdir(DIR + "/dir")
assert os.path.isdir(remote + "/dir"), "mkdir did not wait"
os.rename(DIR + "/stream", DIR + "/dir/stream"); there("dir/stream", b"on", "rename"); there("stream", None, "rename")
os.unlink(DIR + "/dir/stream"); there("dir/stream", None, "unlink")
os.rmdir(DIR + "/dir")
assert not os.path.exists(remote + "/dir"), "rmdir did not wait"
d = os.open(DIR, os.O_RDONLY); os.fsync(d); os.close(d)
os.sync()
' || fail "close waits"
note "async: close need not wait, fsync waits"
in_prefix DIR="$C" ALGOFS_WRITEBACK=async "$PYTHON" -c "$script"'
fd = os.open(DIR + "/async", os.O_WRONLY | os.O_CREAT, 0o644)
os.write(fd, b"one"); os.fsync(fd); there("async", b"one", "fsync in async mode")
os.write(fd, b"two"); os.close(fd)
assert get(DIR + "/async") == b"onetwo"
' || fail "async"
drained
at_server async onetwo
note "fsync local, and both"
in_prefix DIR="$C" ALGOFS_FSYNC=local "$PYTHON" -c "$script"'
fd = os.open(DIR + "/local", os.O_WRONLY | os.O_CREAT, 0o644)
os.write(fd, b"one"); os.fsync(fd); os.fdatasync(fd); os.write(fd, b"two"); os.close(fd)
there("local", b"onetwo", "close")
' || fail "fsync local"
in_prefix DIR="$C" ALGOFS_FSYNC=local ALGOFS_WRITEBACK=async "$PYTHON" -c "$script"'
fd = os.open(DIR + "/both", os.O_WRONLY | os.O_CREAT, 0o644)
os.write(fd, b"one"); os.fsync(fd); os.write(fd, b"two"); os.close(fd)
'
drained
at_server both onetwo
note "a file that was opened to write and did not change is not sent again"
before=$(uploads '/c/both')
in_prefix DIR="$C" "$PYTHON" -c "$script"'
fd = os.open(DIR + "/both", os.O_RDWR); os.read(fd, 10); os.fsync(fd); os.close(fd)
fd = os.open(DIR + "/both", os.O_WRONLY | os.O_APPEND); os.close(fd)
'
expect_equal "uploads of an unchanged file" "$before" "$(uploads '/c/both')"
nothing_pending
