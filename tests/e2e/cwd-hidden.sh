#!/bin/bash
# SPDX-License-Identifier: MIT
# No call tells a program the path of the cache.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir -p "$SRC/dir"
head -c 100000 /dev/urandom >"$SRC/dir/file"
serve
# shellcheck disable=SC2016
in_prefix bash -euc 'cd "$0/dir"
exec 7<file 8<.
pwd -P; /bin/pwd; realpath file; readlink -f file; readlink /proc/self/cwd
readlink /proc/self/fd/7 /proc/self/fd/8 /dev/fd/7 /proc/$$/fd/7
ls -l /proc/self/fd /proc/self/cwd' "$P" >"$T/said" 2>&1 || { cat "$T/said"; fail "a command failed"; }
in_prefix "$PYTHON" - "$P/dir" >>"$T/said" 2>&1 <<'END' || { cat "$T/said"; fail "python failed"; }
import glob, os, pathlib, sys
place = sys.argv[1]
os.chdir(place)
fd, dir_fd = os.open("file", os.O_RDONLY), os.open(".", os.O_RDONLY)
assert os.getcwd() == place, os.getcwd()
assert os.readlink("/proc/self/cwd") == place
assert os.readlink("/proc/self/fd/%d" % fd) == place + "/file", os.readlink("/proc/self/fd/%d" % fd)
assert os.readlink("/proc/self/fd/%d" % dir_fd) == place
assert os.readlink("/proc/%d/fd/%d" % (os.getpid(), fd)) == place + "/file"
assert os.path.realpath("/proc/self/fd/%d" % fd) == place + "/file"
assert str(pathlib.Path("file").resolve()) == place + "/file"
os.fchdir(dir_fd)
assert os.getcwd() == place
print(glob.glob(place + "/*"), [entry.path for entry in os.scandir(".")])
try:
    open("none")
except OSError as error:
    print(error)
END
if grep -F "$ALGOFS_CACHE" "$T/said"; then fail "the cache shows"; fi
[ "$(wc -l <"$T/said")" -gt 10 ] || { cat "$T/said"; fail "too little was said"; }
