#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a kill -9 of the agent, a dead writer and a failing server leave: every byte, and nothing half."""
import random
import threading

from writer import *


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def restart(w):
    w.kill(w.agents[-1])
    w.start()


def killed_between_write_and_commit(w):
    w.put("u/c/old", b"remote" * 1000)
    new = w.open_write("data/u/c/new")
    old = w.open_write("data/u/c/old", os.O_RDWR)
    write_all(new, b"new")
    os.pwrite(old, b"LOCAL!", 6000)
    restart(w)
    write_all(new, b"er")
    assert w.close(new) == 1 and w.close(old) == 1
    assert w.remote("u/c/new") == b"newer" and w.remote("u/c/old") == b"remote" * 1000 + b"LOCAL!"
    w.drained()


def killed_with_the_writer(w):
    fd = w.open_write("data/u/c/f")
    write_all(fd, b"both died")
    w.kill(w.agents[-1])
    os.close(fd)
    w.start()
    w.until(lambda: w.remote("u/c/f") == b"both died")
    w.drained()


def killed_during_an_upload(w):
    data = content(3 << 20)
    w.put("u/c/f", b"before")
    w.serve("--bandwidth", str(2 << 20))
    fd = w.open_write("data/u/c/f", os.O_WRONLY | os.O_TRUNC)
    write_all(fd, data)
    failed = []

    def commit():
        try:
            w.commit(fd)
        except OSError as failure:
            failed.append(failure)
    thread = threading.Thread(target=commit)
    thread.start()
    time.sleep(0.3)
    w.kill(w.agents[-1])
    thread.join()
    assert failed and w.remote("u/c/f") == b"before", "a half upload is visible"
    w.serve()
    w.start()
    assert w.close(fd) == 1  # as a door repeats it
    assert w.remote("u/c/f") == data
    w.drained()


def killed_with_what_close_acknowledged(w):
    w.serve("--fault", "match=PUT:,status=503")
    for i in range(50):
        w.write(f"data/u/c/{i}", b"%d" % i, how=JOURNAL)
    w.kill(w.agents[-1])
    w.serve()
    w.start()
    w.flush()
    assert all(w.remote(f"u/c/{i}") == b"%d" % i for i in range(50))
    w.drained()


def killed_after_a_local_rename(w):
    w.put("u/c/target", b"old")
    fd = w.open_write("data/u/c/temp")
    write_all(fd, b"new")
    w.ensure("data/u/c/target")
    w.rename("data/u/c/temp", "data/u/c/target")
    restart(w)
    w.ensure("data/u/c", LISTING, 0)
    assert os.listdir(w.local("data/u/c")) == ["target"]
    w.close(fd)
    assert w.remote("u/c/target") == b"new" and w.remote("u/c/temp") is None
    # moved by hand, as a crash between journal and rename leaves it: found by its inode
    fd = w.open_write("data/u/c/lost")
    write_all(fd, b"found")
    w.kill(w.agents[-1])
    os.rename(w.local("data/u/c/lost"), w.local("data/u/c/moved"))
    os.close(fd)
    w.start()
    w.until(lambda: w.remote("u/c/moved") == b"found")
    w.drained()


def killed_during_renames(w):
    """At each request of a rename: one name has all, the tree agrees with the server in the end."""
    for stop in ("PUT", "DELETE"):
        for folder in (False, True):
            names = ["d/1", "d/2"] if folder else ["f"]
            for name in names:
                w.put("u/c/" + name, name.encode())
            w.ensure("data/u/c", LISTING, 0)
            w.serve("--fault", f"match={stop}:,latency=3000")
            thread = threading.Thread(target=lambda: died(w.rename, "data/u/c/" + names[0].split("/")[0],
                                                          "data/u/c/to"))
            thread.start()
            time.sleep(0.5)
            w.kill(w.agents[-1])
            thread.join()
            for name in names:
                new = "to" + name[1:]
                assert name.encode() in (w.remote("u/c/" + name), w.remote("u/c/" + new))
            w.serve()
            w.start()
            w.rename("data/u/c/" + names[0].split("/")[0], "data/u/c/to", again=1)
            for name in names:
                assert w.remote("u/c/to" + name[1:]) == name.encode() and w.remote("u/c/" + name) is None
            w.ensure("data/u/c", LISTING, 0)
            assert os.listdir(w.local("data/u/c")) == ["to"] == os.listdir(os.path.join(w.root, "u/c"))
            shutil.rmtree(os.path.join(w.root, "u/c/to")) if folder else os.unlink(os.path.join(w.root, "u/c/to"))
            w.drained()


def died(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return
    raise AssertionError("it was answered")


def failing_servers(w):
    for fault, code in (("status=500", EIO), ("status=503,retry-after=100", EIO), ("reset", EIO),
                        ("status=401", EACCES), ("status=413", EFBIG), ("nospace", ENOSPC)):
        name = fault.split(",")[0]
        w.serve("--fault", f"match=PUT:,{fault}")
        fd = w.open_write("data/u/c/" + name)
        write_all(fd, b"kept")
        fails(code, w.close, fd)
        assert w.read("data/u/c/" + name) == b"kept" and w.remote("u/c/" + name) is None
        status = w.instance_status()
        assert status["failed"] == 1 and status["writes"][0]["path"] == "data/u/c/" + name, status
        pending, failed, size, lines = w.flush(0)
        assert (failed, size, len(lines)) == (1, 4, 1) and lines[0].startswith("data/u/c/" + name + ": ")
        w.serve()
        assert w.flush()[:2] == (0, 0) and w.remote("u/c/" + name) == b"kept"
        w.until(lambda: w.instance_status()["writes"] == [])
        # a key that was refused is believed again once it has written
        w.write("data/u/c/well", b"again")


def passing_faults(w):
    w.serve("--fault", "match=PUT:/a,count=2,status=500", "--fault", "match=PUT:/b,count=1,status=503,retry-after=1",
            "--fault", "match=PUT:/c,count=2,reset", "--fault", "match=DELETE:,count=1,status=500")
    for name in "abc":
        w.write("data/u/c/" + name, name.encode() * 1000)
        assert w.remote("u/c/" + name) == name.encode() * 1000
    w.rename("data/u/c/a", "data/u/c/d")
    assert w.remote("u/c/d") == b"a" * 1000 and w.remote("u/c/a") is None


def refused_keys(w):
    w.stop_server()
    w.start_server("--key", "simReader:ro")
    w.key = "simReader"
    w.hello()
    w.put("u/c/f", b"x")
    fails(EACCES, w.open_write, "data/u/c/f")
    fails(EACCES, w.open_write, "data/u/c/new")
    fails(EACCES, w.mkdir, "data/u/d")
    assert w.read("data/u/c/f") == b"x" and not w.requests("PUT") and w.journal() == []


def listings_do_not_undo(w):
    """A listing that left before a change comes back after it."""
    for i in range(5):
        w.put(f"u/c/{i}", b"x")
    w.ensure("data/u/c", LISTING, 0)
    w.serve("--fault", "match=GET:/data/u/c,latency=700")
    # the server lists when the latency is over: the answer is old only if the change is not there yet
    thread = threading.Thread(target=lambda: w.ensure("data/u/c", LISTING, 0))
    thread.start()
    time.sleep(0.2)
    fd = os.open(w.local("data/u/c/0"), os.O_RDONLY)
    os.close(fd)
    _, fd = call(w.address, OPEN_WRITE, (w.instance, NEW, 0o644), ("data/u/c/fresh",))
    write_all(fd, b"fresh")
    thread.join()
    assert os.path.exists(w.local("data/u/c/fresh"))
    w.close(fd)
    assert w.remote("u/c/fresh") == b"fresh"


def exclusive_files_of_a_dead_agent(w):
    """Made by an agent that died before it answered: the repetition gets it, and then nobody else."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    w.serve("--fault", "match=PUT:,status=503")
    os.close(w.open_write("data/u/c/f", flags))
    w.kill(w.agents[-1])
    w.serve()
    w.start()
    fd = w.open_write("data/u/c/f", flags)
    fails(EEXIST, w.open_write, "data/u/c/f", flags)
    w.close(fd)
    assert w.remote("u/c/f") == b""
    w.drained()


def many_kills(w):
    """A writer that never stops, an agent that dies all the time: what close acknowledged is there."""
    rng = random.Random(7)
    acknowledged, ended = {}, []

    def again(function, *arguments):
        for _ in range(3000):
            try:
                return function(*arguments)
            except Failed as failure:
                if failure.errno != 78:  # EREMCHG: say HELLO again
                    raise
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError("never answered")

    def rename(old, new):
        tries = []

        def once():
            tries.append(1)
            w.rename(old, new, again=int(len(tries) > 1))
        again(once)

    def write():
        for i in range(60):
            path = f"data/u/c/{i % 17}"
            text = b"%d " % i * (i * 50 + 1)
            fd = again(w.open_write, path)
            write_all(fd, text)
            again(w.commit, fd, JOURNAL if i % 3 == 0 else 0)
            os.close(fd)
            acknowledged[path] = text
            if i % 5 == 0:
                rename(path, path + "r")
                acknowledged[path + "r"] = acknowledged.pop(path)
        ended.append(True)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    kills = 0
    while thread.is_alive():
        time.sleep(0.05 + rng.random() * 0.2)
        w.kill(w.agents[-1])
        w.start()
        kills += 1
    thread.join()
    assert ended and kills > 2, (ended, kills)
    assert w.flush()[:2] == (0, 0)
    for path, text in acknowledged.items():
        assert w.remote(path[5:]) == text, (path, len(text), w.remote(path[5:]))
    w.drained()


TESTS = (killed_between_write_and_commit, killed_with_the_writer, killed_during_an_upload,
         killed_with_what_close_acknowledged, killed_after_a_local_rename, killed_during_renames, failing_servers,
         passing_faults, refused_keys, listings_do_not_undo, exclusive_files_of_a_dead_agent, many_kills)

if __name__ == "__main__":
    run(TESTS)
