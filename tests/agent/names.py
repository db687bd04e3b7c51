#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ENSURE: what the tree shows of the remote's names, with how many requests."""
from door import *


def exists(w, path, **more):
    w.ensure(path, **more)
    return os.path.lexists(w.local(path))


def one_listing_answers_for_all_names(w):
    for i in range(50):
        w.put(f"u/c/{i}", b"x" * (i + 1), 1700000000 + i)
    w.put("u/c/sub/deep", b"d")
    assert w.ensure("data/u/c/7")[0] == SCOPE_DIRECTORY
    for i in range(50):
        st = os.lstat(w.local(f"data/u/c/{i}"))
        assert is_placeholder(st) and st.st_size == i + 1 and st.st_mtime == st.st_atime == 1700000000 + i
        assert exists(w, f"data/u/c/{i}")
    assert not exists(w, "data/u/c/none")
    assert len(w.requests()) == 1, w.requests()
    assert not exists(w, "data/u/c/none/below/it")  # ruled out by the listing above: no request
    assert not exists(w, "data/u/c/7/below")
    assert len(w.requests()) == 1, w.requests()
    assert exists(w, "data/u/c/sub/deep") and len(w.requests()) == 2
    assert os.stat(w.local("data/u/c")).st_mtime == 1426147200


def changes_are_seen_when_asked_anew(w):
    w.put("u/c/file", b"one", 1700000000)
    w.put("u/c/turns", b"a file")
    w.put("u/c/gone/below", b"x")
    w.ensure("data/u/c/file")
    held = os.open(w.local("data/u/c/file"), os.O_RDONLY)
    before = os.stat(w.local("data/u/c"))
    w.ensure("data/u/c", LISTING, max_age=0)
    after = os.stat(w.local("data/u/c"))
    assert before.st_mtime_ns == after.st_mtime_ns and os.fstat(held).st_nlink == 1
    w.put("u/c/file", b"two, longer", 1700000000)
    os.unlink(os.path.join(w.root, "u/c/turns"))
    w.put("u/c/turns/below", b"a directory now")
    shutil.rmtree(os.path.join(w.root, "u/c/gone"))
    w.ensure("data/u/c", LISTING, max_age=0)
    assert os.stat(w.local("data/u/c/file")).st_size == 11 and os.fstat(held).st_size == 3
    assert os.path.isdir(w.local("data/u/c/turns")) and not os.path.lexists(w.local("data/u/c/gone"))
    fails(116, w.fetch_open, "data/u/c/file", held)  # the door opens again
    os.close(held)
    assert w.read("data/u/c/file") == b"two, longer"
    shutil.rmtree(os.path.join(w.root, "u/c/turns"))
    w.put("u/c/turns", b"a file again")
    w.ensure("data/u/c", LISTING, max_age=0)
    assert w.read("data/u/c/turns") == b"a file again"


def what_is_not_there(w):
    assert not exists(w, "data/u/nowhere/a") and not exists(w, "data/u/nowhere/b/c")
    assert w.ensure("data/u/nowhere", LISTING)[0] == SCOPE_ENTRY
    assert w.ensure("elsewhere") == (SCOPE_ENTRY, FOR_EVER)
    assert w.ensure("data") == (SCOPE_ENTRY, FOR_EVER)
    assert not exists(w, "data/stranger")
    asked = len(w.requests())
    for path in ("data/u/nowhere/a", "data/u/nowhere/c", "elsewhere", "elsewhere/x", "data/stranger", ""):
        w.ensure(path)
    assert len(w.requests()) == asked, w.requests()
    for path in ("..", "data/../x", "/data", "data//u", "data/u/", "data/./u"):
        fails(22, w.ensure, path)
    w.put("u/c/file", b"x")
    assert not exists(w, "data/u/c/file/below") and os.path.isfile(w.local("data/u/c/file"))


def own_directory(w):
    w.put("u/c/file", b"mine")
    assert exists(w, "data/.my/c/file") and os.readlink(w.local("data/.my")) == "u"
    assert w.read("data/.my/c/file") == b"mine"
    w.ensure("data", LISTING)
    assert sorted(os.listdir(w.local("data"))) == [".my", "u"]


def unknown_instances(w):
    w.instance += 1
    fails(78, w.ensure, "data/u")  # EREMCHG
    w.instance -= 1
    w.ensure("data/u", LISTING)


def many_names(w):
    for i in range(4000):
        open(os.path.join(w.root, "u/c", f"{i:05}"), "wb").close()
    w.ensure("data/u/c", LISTING)
    assert len(os.listdir(w.local("data/u/c"))) == 4000
    for i in range(0, 4000, 2):
        os.unlink(os.path.join(w.root, "u/c", f"{i:05}"))
    w.ensure("data/u/c", LISTING, max_age=0)
    assert len(os.listdir(w.local("data/u/c"))) == 2000


def a_long_listing_does_not_hold_up_one_name(w):
    for i in range(4000):
        open(os.path.join(w.root, "u/c", f"{i:05}"), "wb").close()
    w.stop_server()
    w.start_server("--delay", "30", "--page", "40")
    assert exists(w, "data/u/c/02000")
    w.ensure("data/u/c", LISTING)
    assert len(os.listdir(w.local("data/u/c"))) == 4000


def refused_and_unreachable(w):
    w.put("u/c/file", b"x")
    w.ensure("data/u/c/file")
    w.stop_server()
    assert exists(w, "data/u/c/file")  # known
    fails(113, w.ensure, "data/u/c/file", ENTRY, 0)
    fails(113, w.ensure, "data/u/c", LISTING, 0)
    w.start_server()
    time.sleep(1.1)  # a failure is remembered for a second
    assert exists(w, "data/u/c/file", max_age=0)
    w.key = "wrong"
    w.hello()
    fails(13, w.ensure, "data/u/c/file")
    assert w.status()["instances"][0]["errors"] > 0
    log = open(os.path.join(w.cache, "agent.log")).read()
    assert "check the key" in log and KEY not in log and '"data/u/c"' in log


for test in (one_listing_answers_for_all_names, changes_are_seen_when_asked_anew, what_is_not_there, own_directory,
             unknown_instances, many_names, a_long_listing_does_not_hold_up_one_name, refused_and_unreachable):
    print(test.__name__, flush=True)
    with World() as world:
        world.start()
        test(world)
