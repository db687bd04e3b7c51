#!/bin/bash
# SPDX-License-Identifier: MIT
# Who is let in: the user who mounted and nobody else, not even root; with --allow-other everybody, by mode and owner.
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
[ "$(id -u)" = 0 ] || skip "only root can be several users"
serve_collection
echo hello >"$REMOTE/open"
echo secret >"$REMOTE/closed"
C2=$T/others/data/set/c
stranger() { setpriv --reuid=65533 --regid=65533 --clear-groups timeout 60 "$@"; }
in_group() { setpriv --reuid=65533 --regid=65534 --clear-groups timeout 60 "$@"; }

note "without --allow-other"
expect hello as_user cat "$C/open"
expect_failure 'Permission denied' stranger cat "$C/open"
expect_failure 'Permission denied' stranger ls "$T/mnt"
expect_failure 'Permission denied' timeout 60 cat "$C/open"

note "with it, where /etc/fuse.conf does not allow it to users: the reason, and no mount"
cp /etc/fuse.conf "$T/fuse.conf" 2>/dev/null || : >"$T/fuse.conf"
sed -i '/^ *user_allow_other/d' "$T/fuse.conf"
[ -e /etc/fuse.conf ] || skip "there is no /etc/fuse.conf to be put another in place of"
mount --bind "$T/fuse.conf" /etc/fuse.conf # in this test's own mount namespace
expect_failure 'user_allow_other|cannot mount' mount_at "$T/others" --allow-other
! is_mounted "$T/others" || fail "it is mounted all the same"

note "where it does: everybody, as the modes say"
echo user_allow_other >>"$T/fuse.conf"
mount_at "$T/others" --allow-other
as_user chmod 640 "$C2/closed"
expect hello stranger cat "$C2/open"
expect "closed
open" stranger ls "$C2"
expect "640 65534 65534" stranger stat -c '%a %u %g' "$C2/closed"
expect_failure 'Permission denied' stranger cat "$C2/closed"
expect secret in_group cat "$C2/closed"
expect secret as_user cat "$C2/closed"
expect secret timeout 60 cat "$C2/closed"
expect_failure 'Permission denied' stranger sh -c 'echo x >"$0"' "$C2/open"
expect_failure 'Permission denied' in_group sh -c 'echo x >"$0"' "$C2/closed"
expect_failure 'Permission denied' stranger touch "$C2/new"
expect_failure 'Permission denied' stranger rm -f "$C2/open"
expect_failure 'not permitted' stranger chmod 777 "$C2/closed"
as_user chmod 777 "$C2"
stranger sh -c 'echo theirs >"$0"' "$C2/theirs"
at_server theirs theirs
expect theirs as_user cat "$C/theirs"
at_server open hello

note "-o allow_other, as in fstab, is the same"
as_user timeout 120 "$BUILD/bin/algofs" umount "$T/others"
mount_at "$T/others" -o allow_other,ro
expect hello stranger cat "$C2/open"
expect_failure 'Read-only file system' stranger sh -c 'echo x >"$0"' "$C2/theirs"
