#!/bin/bash
# SPDX-License-Identifier: MIT
# Shared writable mappings: with msync, with munmap only, after the descriptor is closed, with process exit only.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
for name in msync munmap closed exit killed private; do head -c 300000 /dev/urandom >"$PLAIN/$name"; done
cp "$PLAIN/"* "$REMOTE"
[ "$(id -u)" != 0 ] || chown -R 65534 "$PLAIN" "$REMOTE"
cat >"$T/map.py" <<'END'
import mmap, os, signal, sys
way = sys.argv[1]
path = os.environ["DIR"] + "/" + way
fd = os.open(path, os.O_RDWR)
view = mmap.mmap(fd, 0, mmap.MAP_PRIVATE if way == "private" else mmap.MAP_SHARED)
if way in ("closed", "exit", "killed"):
    os.close(fd) # python's mmap keeps a duplicate, which is closed with the mapping
view[1000:1008] = b"in place"
view[250000:250008] = b"IN PLACE"
if way == "msync":
    view.flush()
    if "REMOTE" in os.environ and os.environ["DIR"] == os.environ.get("C"):
        with open(os.environ["REMOTE"] + "/msync", "rb") as file:
            assert file.read()[1000:1008] == b"in place", "msync did not wait for the server"
elif way == "exit":
    os._exit(0)
elif way == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
view.close()
if way not in ("closed",):
    os.close(fd)
END
for way in msync munmap closed private; do
    note "$way"
    as_user env DIR="$PLAIN" "$PYTHON" "$T/map.py" "$way"
    in_prefix DIR="$C" "$PYTHON" "$T/map.py" "$way"
    cmp "$PLAIN/$way" "$REMOTE/$way" || fail "$way: the server has something else"
done
for way in exit killed; do
    note "$way"
    as_user env DIR="$PLAIN" "$PYTHON" "$T/map.py" "$way" || true
    in_prefix DIR="$C" "$PYTHON" "$T/map.py" "$way" || true
    drained
    cmp "$PLAIN/$way" "$REMOTE/$way" || fail "$way: the server has something else"
    [ "$(tail -c +1001 "$REMOTE/$way" | head -c 8)" = "in place" ] || fail "$way: the test shows nothing"
done
note "by plain C calls, where no duplicate of the descriptor is kept"
need_helper map-write
for way in msync munmap after; do
    both "$HELPERS/map-write" "$way" <<<""
    [ -s "$PLAIN/mapped-$way" ] || fail "the test shows nothing"
done
as_user env DIR="$PLAIN" "$HELPERS/map-write" exit
in_prefix DIR="$C" "$HELPERS/map-write" exit
drained
same_at_server
