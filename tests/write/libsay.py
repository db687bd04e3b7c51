# SPDX-License-Identifier: MIT
"""Words for scripts that run once in the prefix and once on a plain folder, and must say the same."""
import errno
import os

DIR = os.environ["DIR"]


def say(what, call, *args, **more):
    """Calls, prints what came of it, and returns it (None after an error)."""
    try:
        got = call(*args, **more)
    except OSError as error:
        print("%s: %s" % (what, errno.errorcode[error.errno]))
        return None
    print("%s: %s" % (what, "ok" if got is None or hasattr(got, "fileno") else repr(got)))
    return got


def opened(what, *args, **more):
    """say for os.open: the number of the descriptor does not matter."""
    try:
        fd = os.open(*args, **more)
    except OSError as error:
        print("%s: %s" % (what, errno.errorcode[error.errno]))
        return None
    print("%s: ok" % what)
    return fd


def put(path, data=b""):
    with open(path, "wb") as file:
        file.write(data)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def tree(top=None):
    """[(name, content, or None for a folder)], sorted."""
    top = top or DIR
    found = []
    for folder, folders, files in os.walk(top):
        for name in folders:
            found.append((os.path.relpath(os.path.join(folder, name), top), None))
        for name in files:
            path = os.path.join(folder, name)
            found.append((os.path.relpath(path, top), get(path)))
    return sorted(found)
