#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""OPEN, NEED, HINT: the bytes, where they come from, and that no wrong one is ever shown."""
import random
import threading

from door import *

BIG = 12 << 20


def content(size, seed=1):
    return random.Random(seed).randbytes(size)


def together(number, function):
    results = [None] * number

    def run(i):
        try:
            results[i] = function()
        except Exception as failure:  # shown by the comparison that follows
            results[i] = failure
    threads = [threading.Thread(target=run, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def small_files(w):
    data = content(70000)
    w.put("u/c/file", data, 1700000000)
    w.put("u/c/empty", b"", 1700000005)
    with w.open("data/u/c/file") as file:
        st = os.fstat(file.fd)
        assert not is_placeholder(st) and st.st_mtime == 1700000000
        assert file.read(0, 1 << 20) == data
    assert w.read("data/u/c/file") == data and w.read("data/u/c/empty") == b""
    assert len(w.requests("GET", "/file")) == 1 and not w.requests("GET", "/empty")


def openers_at_once_are_one_transfer(w):
    w.stop_server()
    w.start_server("--delay", "50")
    data = content(1 << 20)
    w.put("u/c/file", data)
    w.ensure("data/u/c/file")
    assert together(16, lambda: w.read("data/u/c/file")) == [data] * 16
    assert len(w.requests("GET", "/file")) == 1, w.requests()
    assert len(w.requests()) == 2, w.requests()


def large_files(w):
    data = content(BIG)
    w.put("u/c/big", data, 1700000000)
    with w.open("data/u/c/big") as file:
        assert file.map is not None
        rng = random.Random(2)
        for _ in range(30):
            offset, length = rng.randrange(BIG), rng.randrange(300000)
            assert file.read(offset, length) == data[offset:offset + length]
        assert b"".join(file.read(o, 200000) for o in range(0, BIG, 200000)) == data
        w.hint(file.fd, 5 << 20)
        assert w.need(file.fd, 0, FOR_EVER) == 1
        st = os.fstat(file.fd)
        assert not is_placeholder(st) and st.st_mtime == 1700000000 and file.present(0)
    assert sum(w.fetched("/big")) == BIG, w.requests()  # no byte twice
    assert os.listdir(os.path.join(os.path.dirname(w.tree), "maps")) == []


def random_reads_fetch_little(w):
    w.put("u/c/big", content(BIG))
    with w.open("data/u/c/big") as file:
        for offset in (9 << 20, 3 << 20, 6 << 20):
            file.read(offset, 1000)
    assert sum(w.fetched("/big")) <= 5 * CHUNK


def needs_of_one_range_are_one_transfer(w):
    data = content(BIG)
    w.put("u/c/big", data)
    with w.open("data/u/c/big") as file:
        assert together(8, lambda: file.read(8 << 20, 1 << 20)) == [data[8 << 20:9 << 20]] * 8
        assert all(r == data for r in together(8, lambda: file.read(0, BIG)))
    assert sum(w.fetched("/big")) == BIG


def servers_without_ranges(w):
    w.stop_server()
    w.start_server("--no-range")
    data = content(BIG)
    w.put("u/c/big", data)
    with w.open("data/u/c/big") as file:
        assert all(r == data[o:o + 100] for o in (11 << 20, 0, 5 << 20)
                   for r in together(3, lambda: file.read(o, 100)))
        assert w.need(file.fd, 0, FOR_EVER) == 1 and file.read(0, BIG) == data
    assert w.fetched("/big").count(BIG) == 1, w.requests()


def first_bytes_do_not_wait_for_the_last(w):
    w.stop_server()
    w.start_server("--no-range", "--bandwidth", str(2 << 20))
    data = content(BIG)
    w.put("u/c/big", data)
    with w.open("data/u/c/big") as file:
        assert file.read(0, 1000) == data[:1000]
        assert not file.present(BIG // CHUNK - 1)


def changed_objects(w):
    old, new = content(50000, 1), content(50000, 2)
    w.put("u/c/file", old, 1700000000)
    w.ensure("data/u/c/file")
    w.put("u/c/file", new + b"longer", 1700000009)
    with_fd = os.open(w.local("data/u/c/file"), os.O_RDONLY)
    fails(116, w.fetch_open, "data/u/c/file", with_fd)
    os.close(with_fd)
    assert w.read("data/u/c/file") == new + b"longer"
    first, second = content(BIG, 1), content(BIG, 2)
    w.put("u/c/big", first, 1700000000)
    w.ensure("data/u/c", LISTING, 0)
    with w.open("data/u/c/big") as file:
        assert file.read(0, 1000) == first[:1000]
        w.put("u/c/big", second, 1700000000)  # same size and time: only the ETag tells
        fails(116, file.read, 10 << 20, 1000)
    assert w.read("data/u/c/big") == second


def faults_are_survived_or_reported(w):
    data, big = content(300000), content(BIG)
    w.put("u/c/file", data)
    w.put("u/c/big", big)
    w.stop_server()
    w.start_server("--fault", "match=GET:/c/,every=3,cut=50000", "--fault", "match=GET:/c/,every=5,status=503")
    assert w.read("data/u/c/file") == data
    with w.open("data/u/c/big") as file:
        assert b"".join(file.read(o, 100000) for o in range(0, BIG, 100000)) == big


def wrong_etags_are_never_served(w):
    w.put("u/c/file", content(300000))
    w.stop_server()
    w.start_server("--fault", "match=GET:/file,wrong-etag")
    fails(5, w.read, "data/u/c/file")
    assert is_placeholder(os.stat(w.local("data/u/c/file")))
    w.stop_server()
    w.start_server()
    assert w.read("data/u/c/file") == content(300000)


def next_files_are_read_ahead(w):
    for i in range(300):
        w.put(f"u/c/{i:04}", b"%d" % i)
    for i in range(300):
        assert w.read(f"data/u/c/{i:04}") == b"%d" % i
    assert len(w.requests("GET", "/c/")) == 300, "not one GET a file"
    assert len(w.requests("GET")) == 301


def nothing_is_written_yet(w):
    w.put("u/c/file", b"x")
    w.ensure("data/u/c/file")
    fd = os.open(w.local("data/u/c/file"), os.O_RDONLY)
    fails(30, w.fetch_open, "data/u/c/file", fd, os.O_RDWR)
    os.close(fd)


for test in (small_files, openers_at_once_are_one_transfer, large_files, random_reads_fetch_little,
             needs_of_one_range_are_one_transfer, servers_without_ranges, first_bytes_do_not_wait_for_the_last,
             changed_objects, faults_are_survived_or_reported, wrong_etags_are_never_served,
             next_files_are_read_ahead, nothing_is_written_yet):
    print(test.__name__, flush=True)
    with World() as world:
        world.start()
        test(world)
