# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of the FUSE door share; lib.sh sources it first of all. Nothing here happens unless
# ALGOFS_TEST_MOUNT=1, or a test in tests/mount calls need_mount.
#
# A mount that a test leaves behind hangs whoever looks at it. So: as root a test runs in a mount namespace of
# its own, whose mounts go with its last process; and however it ends, end_mounts takes the mounts away, lazily if
# need be, and ends their algofs-mount by pid. Nobody looks at a mount that may be dead without a time limit.

MOUNT_USER=()
mount_points=()
mount_pids=()

on_mount() { [ "${ALGOFS_TEST_MOUNT:-}" = 1 ]; }

# mount_is_possible: the kernel and this container allow FUSE mounts, whatever algofs does about it.
mount_is_possible() {
    [ -e /dev/fuse ] || { echo "there is no /dev/fuse here"; return 1; }
    command -v fusermount3 >/dev/null || { echo "fusermount3 is not installed"; return 1; }
    if [ "$(id -u)" = 0 ]; then
        unshare -m sh -c 'mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 probe /mnt 9<>/dev/fuse' \
            2>/dev/null || { echo "this container does not allow FUSE mounts"; return 1; }
    elif [ ! -w /dev/fuse ] || [ ! -u "$(command -v fusermount3)" ]; then
        echo "this user may not mount: /dev/fuse or fusermount3 does not allow it"
        return 1
    fi
}

# need_mount: the test goes on in a namespace where the ordinary user can mount, or is skipped.
need_mount() {
    local why
    [ -x "${BUILD:-$TESTS/../build}/bin/algofs-mount" ] ||
        { echo "algofs-mount is not built: there is no libfuse3"; exit 77; }
    if [ -z "${MOUNT_NAMESPACE:-}" ]; then
        why=$(mount_is_possible) || { echo "$why"; exit 77; }
        if [ "$(id -u)" = 0 ]; then
            export MOUNT_NAMESPACE=1
            exec unshare -m --propagation private "$BASH" "$0" ${1+"$@"}
        fi
    fi
    [ "$(id -u)" = 0 ] || return 0
    MOUNT_USER=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    if ! "${MOUNT_USER[@]}" test -w /dev/fuse; then # here only: in this namespace
        local device
        device=$(mktemp /dev/shm/algofs-fuse.XXXXXX) # may be of a file system without devices
        rm "$device"
        mknod -m 666 "$device" c 10 229
        mount --bind "$device" /dev/fuse
        rm "$device"
        "${MOUNT_USER[@]}" sh -c ': <>/dev/fuse' 2>/dev/null ||
            { echo "the ordinary user cannot have a /dev/fuse here"; exit 77; }
    fi
}

# mount_at DIR [OPTION...]: algofs mount, as the ordinary user, with the environment as it is.
mount_at() {
    local dir=$1 pid
    shift
    mkdir -p "$dir"
    [ ${#MOUNT_USER[@]} = 0 ] || chown 65534:65534 "$dir"
    mount_points+=("$dir")
    "${MOUNT_USER[@]}" timeout 120 "$BUILD/bin/algofs" mount "$dir" "$@" || return
    pid=$(mount_pid "$dir") || { echo "FAIL: $dir does not tell its pid" >&2; return 1; }
    mount_pids+=("$pid")
}

# mount_pid DIR: the pid of its algofs-mount.
mount_pid() { "${MOUNT_USER[@]}" timeout 60 getfattr --absolute-names --only-values -n user.algofs.pid "$1"; }

# mount_prefix: mounts at $T/mnt with the current cache, in place of what is mounted there.
mount_prefix() {
    local dir=$T/mnt
    if is_mounted "$dir"; then "${MOUNT_USER[@]}" timeout 120 "$BUILD/bin/algofs" umount "$dir"; fi
    mount_at "$dir" || { echo "FAIL: algofs mount exited with status $?" >&2; exit 1; }
    P=$dir/data/set
}

is_mounted() { grep -qF " $1 " /proc/self/mountinfo; }

end_mounts() {
    local dir pid
    for dir in "${mount_points[@]}"; do
        is_mounted "$dir" || continue
        "${MOUNT_USER[@]}" timeout 60 "$BUILD/bin/algofs" umount "$dir" 2>/dev/null
        is_mounted "$dir" || continue
        umount -l "$dir" 2>/dev/null || fusermount3 -uz "$dir"
    done
    for pid in "${mount_pids[@]}"; do
        for _ in $(seq 100); do
            [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = algofs-mount ] || continue 2
            sleep 0.1
        done
        kill -9 "$pid"
    done
}

! on_mount || need_mount "$@"
