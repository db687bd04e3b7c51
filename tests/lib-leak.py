# SPDX-License-Identifier: MIT
"""lib-leak.py TRACE PREFIX: the system calls of an strace that carry a path of the prefix, as far as the
path is an argument that the kernel would look up. Exit status 1 if there are any."""
import re
import sys

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
# How many of a call's strings are paths that are looked up, where it is not all of them.
FIRST_ONLY = {"execve", "execveat", "readlink", "readlinkat", "getxattr", "lgetxattr"}
LAST_ONLY = {"symlink", "symlinkat"}
NONE = {"getcwd"}  # the string is the kernel's answer


def leaks(trace, prefix):
    with open(trace, errors="replace") as file:
        for line in file:
            match = CALL.match(line)
            if not match or match.group(1) in NONE:
                continue
            call, strings = match.group(1), STRING.findall(match.group(2))
            if call in FIRST_ONLY:
                strings = strings[:1]
            elif call in LAST_ONLY:
                strings = strings[-1:]
            if any(s == prefix or s.startswith(prefix + "/") for s in strings):
                yield line.rstrip()[:300]


def main():
    found = {}
    for line in leaks(*sys.argv[1:3]):
        found.setdefault(re.sub(r"^\d+ +", "", line), 0)
    for line in list(found)[:40]:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
