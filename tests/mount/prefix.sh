#!/bin/bash
# SPDX-License-Identifier: MIT
# The prefix itself is a mount: what the shim takes and what falls through to the kernel at the same path are the
# same files; and algofs mount and umount themselves are not caught in the shim.
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
require gcc
serve_collection
seq 5000 >"$SRC/file"
M=$T/mnt
export ALGOFS_PREFIX=$M
shimmed() { as_user env LD_PRELOAD="$LIB" /usr/bin/env "$@"; }
"${MOUNT_USER[@]}" timeout 120 "$BUILD/bin/algofs" umount "$M"

note "mounted and unmounted from under the shim"
shimmed timeout 120 "$BUILD/bin/algofs" mount "$M"
is_mounted "$M" || fail "it is not mounted"
pid=$(mount_pid "$M")
mount_pids+=("$pid")
! tr '\0' '\n' <"/proc/$pid/environ" | grep -q '^LD_PRELOAD=.' || fail "algofs-mount has the shim in it"
expect_failure 'an algofs mount already' shimmed timeout 120 "$BUILD/bin/algofs" mount "$M"

note "system calls that the shim does not see"
cat >"$T/raw.c" <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
/* raw PATH: through libc, then by system calls of its own: the same bytes, and what one writes the other reads. */
static long call(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}
int main(int argc, char **argv)
{
    static char by_libc[1 << 20], by_kernel[1 << 20];
    if (argc != 3)
        return 2;
    int fd = open(argv[1], O_RDONLY);
    long first = read(fd, by_libc, sizeof(by_libc));
    close(fd);
    fd = (int)call(SYS_openat, AT_FDCWD, (long)argv[1], O_RDONLY, 0);
    long second = call(SYS_read, fd, (long)by_kernel, sizeof(by_kernel), 0);
    call(SYS_close, fd, 0, 0, 0);
    if (first <= 0 || first != second || memcmp(by_libc, by_kernel, (size_t)first) != 0)
        return printf("by libc %ld, by the kernel %ld\n", first, second), 1;
    fd = (int)call(SYS_openat, AT_FDCWD, (long)argv[2], O_WRONLY | O_CREAT, 0644);
    if (call(SYS_write, fd, (long)"raw\n", 4, 0) != 4 || call(SYS_close, fd, 0, 0, 0) != 0)
        return puts("cannot write"), 1;
    FILE *file = fopen(argv[2], "r+");
    char line[16] = "";
    if (file == NULL || fgets(line, sizeof(line), file) == NULL || strcmp(line, "raw\n") != 0)
        return printf("libc reads \"%s\"\n", line), 1;
    fputs("libc\n", file);
    if (fclose(file) != 0)
        return 1;
    fd = (int)call(SYS_openat, AT_FDCWD, (long)argv[2], O_RDONLY, 0);
    memset(by_kernel, 0, 16);
    call(SYS_read, fd, (long)by_kernel, 16, 0);
    puts(strcmp(by_kernel, "raw\nlibc\n") == 0 ? "ok" : by_kernel);
    return 0;
}
END
if [ "$(uname -m)" = x86_64 ]; then
    gcc -O1 -o "$T/raw" "$T/raw.c"
    expect ok shimmed timeout 120 "$T/raw" "$P/file" "$C/raw"
    at_server raw "raw
libc"
fi

note "a static program that a program under the shim starts"
gcc -static -O1 -D_GNU_SOURCE -o "$T/static" "$TESTS/mount/libstatic.c"
shimmed timeout 120 sh -c 'mkdir "$1/s" && "$0" "$1/s" write && cat "$1/s/folder/renamed"' "$T/static" "$C" >"$T/said"
expect_equal "what the static program wrote" "written by a static program" "$(cat "$T/said")"
at_server s/folder/renamed "written by a static program"

note "both say the same of a folder"
shimmed find "$M" -printf '%P %y %s %m\n' 2>/dev/null | sort >"$T/shim.out"
as_user timeout 120 find "$M" -printf '%P %y %s %m\n' | sort >"$T/mount.out"
expect_same <(sed 's/ d [0-9]*/ d/' "$T/shim.out") <(sed 's/ d [0-9]*/ d/' "$T/mount.out")
shimmed timeout 120 "$BUILD/bin/algofs" umount "$M"
! is_mounted "$M" || fail "it is still there"
