#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OPEN_WRITE, COMMIT, MKDIR, REMOVE, RENAME, SETATTR, FLUSH: what a program did is at the server."""
import random
import threading

from writer import *

BIG = 12 << 20


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def new_files(w):
    assert w.write("data/u/c/new", b"hello") == 1
    assert w.remote("u/c/new") == b"hello"
    assert w.write("data/.my/c/mine", b"", mode=0o600) == 1
    assert w.remote("u/c/mine") == b"" and os.stat(w.local("data/u/c/mine")).st_mode & 0o7777 == 0o600
    big = content(BIG)
    w.write("data/u/c/big", big)
    assert w.remote("u/c/big") == big and w.read("data/u/c/big") == big
    w.drained()
    assert not w.requests("GET", "/big"), "what was written here was fetched"


def listings_agree_with_uploads(w):
    w.write("data/u/c/a", b"1234", mode=0o640)
    st = os.stat(w.local("data/u/c/a"))
    w.drained()
    for _ in range(3):
        w.ensure("data/u/c", LISTING, 0)
        now = os.stat(w.local("data/u/c/a"))
        # others may have replaced it in the same second: it is doubtful until it is opened
        assert (now.st_ino, now.st_mtime_ns, now.st_mode & ~stat.S_ISVTX) == (st.st_ino, st.st_mtime_ns, st.st_mode)
    time.sleep(0.005)  # an answer of the same millisecond counts as fresh
    w.put("u/c/a", b"abcd", 1700000000)  # somebody else's
    w.ensure("data/u/c", LISTING, 0)
    assert w.read("data/u/c/a") == b"abcd"


def existing_files(w):
    data = content(300000)
    w.put("u/c/f", data, 1700000000)
    w.put("u/c/big", content(BIG), 1700000000)
    fd = w.open_write("data/u/c/f", os.O_RDWR)
    assert w.close(fd) == 0 and not w.requests("PUT")
    fd = w.open_write("data/u/c/f", os.O_RDWR)
    assert os.pread(fd, 10, 1000) == data[1000:1010]
    os.pwrite(fd, b"XYZ", 1000)
    assert w.commit(fd) == 1 and w.commit(fd) == 0
    os.ftruncate(fd, 2000)
    assert w.close(fd) == 1
    assert w.remote("u/c/f") == data[:1000] + b"XYZ" + data[1003:2000]
    w.write("data/u/c/f", b"more", os.O_WRONLY | os.O_APPEND)
    assert w.remote("u/c/f")[2000:] == b"more"
    w.write("data/u/c/big", b"tail", os.O_WRONLY | os.O_APPEND)
    assert w.remote("u/c/big") == content(BIG) + b"tail"
    fetched = len(w.requests("GET", "/f"))
    w.put("u/c/t", data)
    w.ensure("data/u/c", LISTING, 0)
    w.write("data/u/c/t", b"short", os.O_WRONLY | os.O_TRUNC)
    assert w.remote("u/c/t") == b"short" and len(w.requests("GET", "/t")) == 0, fetched
    w.write("data/u/c/t", b"", os.O_WRONLY | os.O_TRUNC)
    assert w.remote("u/c/t") == b""


def open_errors(w):
    w.put("u/c/f", b"x")
    w.put("other/c/f", b"x")
    excl = NEW | os.O_EXCL
    for code, path, flags in (
            (EEXIST, "data/u/c/f", excl), (ENOENT, "data/u/c/none", os.O_WRONLY),
            (ENOENT, "data/u/none/f", NEW), (ENOTDIR, "data/u/c/f/x", NEW), (EISDIR, "data/u/c", os.O_WRONLY),
            (EISDIR, "data", os.O_WRONLY), (EISDIR, "data/u", os.O_WRONLY), (EACCES, "data/x", NEW),
            (EACCES, "other", NEW), (EACCES, "data/other/c/new", NEW), (EEXIST, "data/u/c", excl),
            (EINVAL, "data/u/../c/f", NEW), (95, "data/u/c", os.O_TMPFILE | os.O_RDWR)):
        fails(code, w.open_write, path, flags)
    assert w.journal() == []


def directories(w):
    w.mkdir("data/u/d")
    assert os.path.isdir(os.path.join(w.root, "u/d"))
    fails(EEXIST, w.mkdir, "data/u/d")
    w.mkdir("data/u/d", again=1)
    fails(EEXIST, w.mkdir, "data/u")
    fails(EEXIST, w.mkdir, "data")
    fails(EACCES, w.mkdir, "data/somebody")
    fails(ENOENT, w.mkdir, "data/u/none/x")
    before = len(w.requests())
    for i in range(50):
        w.write(f"data/u/d/{i}", b"%d" % i)
    assert len(w.requests()) == before + 50, "more than a PUT each"
    w.ensure("data/u/d", LISTING, 0)
    assert sorted(os.listdir(w.local("data/u/d"))) == sorted(str(i) for i in range(50))
    fails(ENOTEMPTY, w.remove, "data/u/d", REMOVEDIR)
    fails(EISDIR, w.remove, "data/u/d")
    fails(ENOTDIR, w.remove, "data/u/d/1", REMOVEDIR)
    for i in range(50):
        w.remove(f"data/u/d/{i}")
    w.put("u/d/foreign", b"x")
    fails(ENOTEMPTY, w.remove, "data/u/d", REMOVEDIR)
    w.ensure("data/u/d/foreign")
    w.remove("data/u/d/foreign")
    w.remove("data/u/d", REMOVEDIR)
    assert not os.path.exists(os.path.join(w.root, "u/d")) and not os.path.exists(w.local("data/u/d"))
    fails(ENOENT, w.remove, "data/u/d", REMOVEDIR)
    w.remove("data/u/d", REMOVEDIR, again=1)


def removed_files(w):
    w.put("u/c/f", b"content")
    w.ensure("data/u/c/f")
    fd = w.open_write("data/u/c/f", os.O_RDWR)
    w.remove("data/u/c/f")
    assert w.remote("u/c/f") is None and not os.path.exists(w.local("data/u/c/f"))
    os.pwrite(fd, b"C", 0)
    assert os.pread(fd, 7, 0) == b"Content" and os.fstat(fd).st_nlink == 0
    assert w.close(fd) == 0 and w.remote("u/c/f") is None
    fails(ENOENT, w.remove, "data/u/c/f")
    w.remove("data/u/c/f", again=1)
    deletes = len(w.requests("DELETE"))
    fd = w.open_write("data/u/c/temp")
    w.remove("data/u/c/temp")
    w.close(fd)
    assert len(w.requests("DELETE")) == deletes and not w.requests("PUT", "/temp")
    w.drained()


def renamed_files(w):
    data = content(100000)
    w.put("u/c/f", data, 1700000000)
    w.ensure("data/u/c/f")
    w.rename("data/u/c/f", "data/u/c/g")
    assert w.remote("u/c/g") == data and w.remote("u/c/f") is None
    assert w.read("data/u/c/g") == data and not os.path.exists(w.local("data/u/c/f"))
    w.put("u/c/target", b"old")
    w.ensure("data/u/c/target", ENTRY, 0)
    fails(EEXIST, w.rename, "data/u/c/g", "data/u/c/target", NOREPLACE)
    w.rename("data/u/c/g", "data/u/c/target")
    assert w.remote("u/c/target") == data and w.read("data/u/c/target") == data
    w.rename("data/u/c/g", "data/u/c/target", again=1)
    w.rename("data/u/c/target", "data/u/c/target")
    w.mkdir("data/u/d")
    for code, old, new in ((ENOENT, "none", "x"), (EISDIR, "target", "../d"), (ENOENT, "target", "../none/x")):
        fails(code, w.rename, "data/u/c/" + old, os.path.normpath("data/u/c/" + new))
    fails(ENOTDIR, w.rename, "data/u/d", "data/u/c/target")
    fails(EACCES, w.rename, "data/u/c/target", "data/v/c/target")
    w.ensure("data/u/c", LISTING, 0)
    assert os.listdir(w.local("data/u/c")) == ["target"]
    assert w.journal() == []


def temp_then_rename_is_one_upload(w):
    w.put("u/c/conf", b"old" * 1000)
    w.ensure("data/u/c/conf")
    fd = w.open_write("data/u/c/conf.tmp", NEW | os.O_EXCL)
    write_all(fd, b"new")
    w.rename("data/u/c/conf.tmp", "data/u/c/conf")
    assert w.remote("u/c/conf") == b"old" * 1000
    w.close(fd)
    assert w.remote("u/c/conf") == b"new" and w.remote("u/c/conf.tmp") is None
    assert len(w.requests("PUT")) == 1 and not w.requests("DELETE", "/conf")
    w.write("data/u/c/conf.tmp", b"newer", how=JOURNAL)
    w.rename("data/u/c/conf.tmp", "data/u/c/conf")
    assert w.flush()[:2] == (0, 0)
    assert w.remote("u/c/conf") == b"newer" and w.remote("u/c/conf.tmp") is None
    w.drained()


def renamed_directories(w):
    for i in range(30):
        w.put(f"u/d/{i}", b"%d" % i * 100)
    w.put("u/d/sub/deep", b"deep")
    w.mkdir("data/u/e")
    w.ensure("data/u/d/1")
    w.write("data/u/d/here", b"here")
    fd = w.open_write("data/u/d/open")
    write_all(fd, b"half")
    fails(EINVAL, w.rename, "data/u/d", "data/u/d/sub/x")
    fails(ENOTEMPTY, w.rename, "data/u/d/sub", "data/u/d")
    w.rename("data/u/d", "data/u/e")
    write_all(fd, b"full")
    w.close(fd)
    assert not os.path.exists(os.path.join(w.root, "u/d"))
    assert w.remote("u/e/sub/deep") == b"deep" and w.remote("u/e/here") == b"here"
    assert w.remote("u/e/open") == b"halffull"
    assert all(w.remote(f"u/e/{i}") == b"%d" % i * 100 for i in range(30))
    w.ensure("data/u/e", LISTING, 0)
    assert len(os.listdir(w.local("data/u/e"))) == 33 and w.read("data/u/e/sub/deep") == b"deep"
    fails(ENOENT, w.remove, "data/u/d", REMOVEDIR)
    w.mkdir("data/u/full")
    w.write("data/u/full/x", b"x")
    fails(ENOTEMPTY, w.rename, "data/u/e", "data/u/full")
    w.drained()


def attributes(w):
    w.put("u/c/f", content(100000), 1700000000)
    w.ensure("data/u/c/f")
    w.set("data/u/c/f", SET_MODE | SET_MTIME, mode=0o1604, mtime=1600000000)
    for _ in range(2):
        w.ensure("data/u/c", LISTING, 0)
        st = os.stat(w.local("data/u/c/f"))
        assert is_placeholder(st) and st.st_atime == 1600000000 and st.st_mode & 0o777 == 0o604
    assert w.read("data/u/c/f") == content(100000)
    st = os.stat(w.local("data/u/c/f"))
    assert not is_placeholder(st) and st.st_mtime == 1600000000 and st.st_mode & 0o7777 == 0o604
    w.set("data/u/c/f", SET_ATIME | SET_MTIME, atime=5, mtime=1500000000)
    w.ensure("data/u/c", LISTING, 0)
    assert os.stat(w.local("data/u/c/f")).st_mtime == 1500000000
    w.set("data/u/c/f", SET_SIZE, size=10)
    assert w.remote("u/c/f") == content(100000)[:10]
    w.set("data/u/c/f", SET_SIZE, size=0)
    assert w.remote("u/c/f") == b""
    fd = w.open_write("data/u/c/f", os.O_RDWR)
    w.set("", SET_SIZE | SET_MODE, size=3, mode=0o400, fd=fd)
    assert w.remote("u/c/f") == bytes(3) and os.fstat(fd).st_mode & 0o7777 == 0o400
    # written and given its old time back: still a change
    st = os.fstat(fd)
    os.pwrite(fd, b"abc", 0)
    w.set("", SET_MTIME, mtime=int(st.st_mtime), fd=fd)
    w.close(fd)
    assert w.remote("u/c/f") == b"abc"
    fails(ENOENT, w.set, "data/u/c/none", SET_MODE)
    assert w.acl("data/u/c") == "my_algos"
    w.set_acl("data/u/c", "public")
    assert w.acl("data/u/c") == "public"
    fails(EINVAL, w.set_acl, "data/u/c", "everybody")


def mappings_and_shared_descriptors(w):
    fd = w.open_write("data/u/c/m", os.O_RDWR | os.O_CREAT)
    assert w.commit(fd, SHARED) == 0 and not w.requests("PUT")
    os.ftruncate(fd, 4096)
    assert w.commit(fd, SHARED) == 1
    w.commit(fd, NOTE)
    with mmap.mmap(fd, 4096) as area:
        area[:5] = b"first"
        w.commit(fd, MAPPED)
        assert w.remote("u/c/m")[:5] == b"first"
        st = os.fstat(fd)
        os.close(fd)
        area[:5] = b"later"
        w.commit_inode(st, MAPPED)
        assert w.remote("u/c/m")[:5] == b"later"
        area[:5] = b"final"
    w.drained()
    assert w.remote("u/c/m")[:5] == b"final"


def writers_that_die(w):
    fd = w.open_write("data/u/c/f")
    write_all(fd, b"never closed by its program")
    os.close(fd)  # what the kernel does when it kills it
    w.until(lambda: w.remote("u/c/f") == b"never closed by its program")
    w.drained()


def asynchronous(w):
    w.serve("--delay", "20")
    for i in range(200):
        w.write(f"data/u/c/{i}", b"%d" % i, how=JOURNAL)
    assert w.flush() == (0, 0, 0, [])
    assert all(w.remote(f"u/c/{i}") == b"%d" % i for i in range(200))
    w.drained()


def commits_share_uploads(w):
    w.serve("--delay", "50")
    fd = w.open_write("data/u/c/log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    acknowledged = []

    def append(i):
        line = b"%04d\n" % i
        os.write(fd, line)
        w.commit(fd)
        if line not in w.remote("u/c/log"):
            acknowledged.append(line)
    threads = [threading.Thread(target=append, args=(i,)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    w.close(fd)
    assert not acknowledged and len(w.remote("u/c/log")) == 200
    assert len(w.requests("PUT")) < 40, "no commit was shared"


TESTS = (new_files, listings_agree_with_uploads, existing_files, open_errors, directories, removed_files,
         renamed_files, temp_then_rename_is_one_upload, renamed_directories, attributes,
         mappings_and_shared_descriptors, writers_that_die, asynchronous, commits_share_uploads)

if __name__ == "__main__":
    run(TESTS)
