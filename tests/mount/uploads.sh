#!/bin/bash
# SPDX-License-Identifier: MIT
# Unmounting waits for uploads, and says what could not be uploaded; the verdict of an upload reaches close and
# fsync; what others change is forgotten by the kernel, though it was told that it may remember it.
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
echo there >"$SRC/there"
: >"$T/faults"
chmod 644 "$T/faults"
serve_collection --fault-file "$T/faults"
M=$T/mnt
umount_of() { as_user timeout 250 "$BUILD/bin/algofs" umount "$@"; }
umount_of "$M"

note "all that was written is there when umount returns, though close did not wait"
ALGOFS_WRITEBACK=async mount_at "$M"
as_user timeout 120 "$PYTHON" - "$C" <<'END'
import sys
for i in range(60):
    open("%s/%d" % (sys.argv[1], i), "wb").write(b"%d" % i * 10000)
END
umount_of "$M"
expect_equal "files at the server" 60 "$(ls "$REMOTE" | wc -l)"
expect_equal "the last one's size" 20000 "$(stat -c %s "$REMOTE/59")"
rm -rf "${REMOTE:?}"/*

note "a shell that redirects uploads once: the descriptor that it duplicates and closes is not the last"
mount_at "$M"
as_user timeout 60 sh -c 'echo once >"$0/redirected"' "$C"
at_server redirected once
expect_equal "uploads" 1 "$(uploads '/c/redirected$')"
as_user timeout 60 sh -c ': >"$0/nothing"' "$C"
at_server nothing ""
umount_of "$M"

note "options of -o instead of the environment, in the words of mount(8)'s helper"
mkdir -p "$T/sbin/bin"
cp "$BUILD/bin/mount.fuse.algofs" "$T/sbin/"
as_user env -u ALGOFS_CACHE -u ALGORITHMIA_API PATH="$BUILD/bin:$PATH" timeout 120 sh "$T/sbin/mount.fuse.algofs" algofs "$M" -s \
    -o "rw,api=$ALGORITHMIA_API,cache=$ALGOFS_CACHE,ttl=inf,noauto,x-test=1"
mount_points+=("$M")
mount_pids+=("$(mount_pid "$M")")
expect there as_user timeout 60 cat "$P/there"

umount_of "$M"

note "what another door changes is seen, though attributes may be remembered for an hour"
mount_at "$M" -o attr_timeout=3600
put_by_shim() { as_user env LD_PRELOAD="$LIB" timeout 60 sh -c 'printf %s "$1" >"$0"' "/algo/data/set/c/$1" "$2"; }
put_by_shim seen one
expect one as_user timeout 60 cat "$C/seen"
expect 3 as_user timeout 60 stat -c %s "$C/seen"
put_by_shim seen longer
for _ in $(seq 600); do
    [ "$(as_user timeout 60 stat -c %s "$C/seen")" != 6 ] || break
    sleep 0.1
done
expect 6 as_user timeout 60 stat -c %s "$C/seen"
expect longer as_user timeout 60 cat "$C/seen"
as_user env LD_PRELOAD="$LIB" timeout 60 rm /algo/data/set/c/seen
for _ in $(seq 600); do
    as_user timeout 60 stat "$C/seen" >/dev/null 2>&1 || break
    sleep 0.1
done
expect_failure 'No such file' as_user timeout 60 stat "$C/seen"
umount_of "$M"

note "a verdict that close and fsync hear; what cannot be uploaded is said, a line a file, and kept"
mount_at "$M"
printf '%s\n' "match=PUT:/c/kept,status=500" >"$T/faults"
kill -HUP "$SERVER_PID"
as_user timeout 250 "$PYTHON" - "$C" <<'END'
import errno, os, sys, time
until = time.monotonic() + 60
while True: # until the server has read its faults
    fd = os.open(sys.argv[1] + "/kept", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(fd, b"kept %d" % time.monotonic_ns())
    said = []
    for call in (os.fsync, os.close):
        try:
            call(fd)
            said.append("ok")
        except OSError as error:
            said.append(errno.errorcode[error.errno])
    if said == ["EIO", "EIO"]:
        break
    if time.monotonic() > until:
        sys.exit("fsync and close said %s" % said)
os.close(os.open(sys.argv[1] + "/fine", os.O_WRONLY | os.O_CREAT))
END
expect kept as_user timeout 60 head -c 4 "$C/kept"
expect_failure 'not uploaded: .*c/kept: ' umount_of "$M"
! is_mounted "$M" || fail "it is still there"
: >"$T/faults"
kill -HUP "$SERVER_PID"
for _ in $(seq 600); do
    ! algofs flush >/dev/null 2>&1 || break
    sleep 0.1
done
algofs flush
expect_equal "what was kept" kept "$(head -c 4 "$REMOTE/kept")"
