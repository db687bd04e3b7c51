#!/bin/bash
# SPDX-License-Identifier: MIT
# The life of a mount: what goes wrong says so in one line, a busy or dead one can be cleared, the end waits for
# uploads.
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
serve_collection
echo hello >"$SRC/greeting"
M=$T/mnt
umount_of() { as_user timeout 120 "$BUILD/bin/algofs" umount "$@"; }

caches+=("$HOME/none")
note "what cannot be mounted says why, in one line"
one_line() {
    local pattern=$1
    shift
    expect_failure "$pattern" "$@"
    expect_equal "lines of $*" 1 "$("$@" 2>&1 | wc -l)"
}
mount_of() { as_user timeout 120 "$BUILD/bin/algofs" mount "$@"; }
user_dir "$T/other"
one_line 'is an algofs mount already' mount_of "$M"
one_line 'No such file' mount_of "$T/nowhere"
one_line 'is no folder' mount_of "$SRC/greeting"
one_line 'which folder' mount_of
one_line 'unknown mount option "typo"' mount_of -o typo "$T/other"
one_line 'unknown option "--typo"' mount_of --typo "$T/other"
one_line 'cache folder .* stands below' mount_of "$T"
ALGORITHMIA_API_KEY=wrong one_line 'the key is missing' mount_of "$T/other"
ALGORITHMIA_API=http://127.0.0.1:1 ALGOFS_CACHE=$HOME/none one_line 'check ALGORITHMIA_API' mount_of "$T/other"
[ -z "$(ls "$T/other")" ] || fail "something is mounted after all"
one_line 'is no algofs mount' umount_of "$T/other"
one_line 'is no algofs mount: No such file' umount_of "$T/nowhere"

note "without the right to mount: one line that names algofs-run"
no_right() {
    # no-new-privs: fusermount3 gets nothing by being setuid
    setpriv --no-new-privs "${MOUNT_USER[@]}" timeout 60 "$BUILD/bin/algofs" mount "$T/other"
}
[ "$(id -u)" != 0 ] || one_line 'cannot mount .*algofs-run' no_right
if [ "$(id -u)" = 0 ]; then
    no_device() {
        # shellcheck disable=SC2016  # for the inner shell
        unshare -m sh -c 'mount -t tmpfs none /dev && exec "$@"' sh "${MOUNT_USER[@]}" "$BUILD/bin/algofs" mount "$T/other"
    }
    one_line 'there is no /dev/fuse here.*algofs-run' no_device
fi

note "a busy mount says who"
mkfifo "$T/opened" "$T/end"
chmod 666 "$T/opened" "$T/end"
as_user sh -c 'exec <"$0"; echo $$ >"$1"; read -r _ <"$2"' "$P/greeting" "$T/opened" "$T/end" &
busy=$!
read -r holder <"$T/opened"
expect_failure "used by process $holder \(sh\)" umount_of "$M"
is_mounted "$M" || fail "it was taken away although it is in use"
echo >"$T/end"
wait "$busy"
umount_of "$M"
! is_mounted "$M" || fail "it is still there"

note "a killed algofs-mount leaves nothing that umount cannot clear"
mount_at "$M"
kill -9 "${mount_pids[-1]}"
expect_failure 'not connected' as_user timeout 60 stat "$M/data"
one_line 'algofs-mount has gone' mount_of "$M"
umount_of "$M"
! is_mounted "$M" || fail "it is still there"
[ -z "$(as_user ls "$M")" ] || fail "the folder below is not empty"

note "the folder of another file system, a link, a relative path"
mount_at "$M"
ln -s mnt "$T/link"
(cd "$T" && umount_of link)
! is_mounted "$M" || fail "not unmounted by a link"
mount_at "$M"
(cd "$T" && umount_of ./mnt/)
! is_mounted "$M" || fail "not unmounted by a relative path"

note "in the foreground it ends with a signal, and what is mounted goes with it"
as_user timeout 300 "$BUILD/bin/algofs" mount --foreground "$M" &
front=$!
mount_points+=("$M")
for _ in $(seq 600); do
    ! is_mounted "$M" || break
    sleep 0.1
done
expect hello as_user timeout 60 cat "$P/greeting"
kill -TERM "$(mount_pid "$M")"
wait "$front" || fail "algofs mount --foreground exited with status $?"
! is_mounted "$M" || fail "it is still there"

note "read only"
mount_at "$M" --readonly
expect_failure 'Read-only file system' as_user timeout 60 touch "$C/new"
expect hello as_user timeout 60 cat "$P/greeting"
umount_of "$M"
mount_at "$M" -o ro,nodev,noatime,x-systemd.automount
expect_failure 'Read-only file system' as_user timeout 60 touch "$C/new"
umount_of "$M"
