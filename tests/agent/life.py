#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The agent's life: one a cache, started by a race, killed at any time, leaving by itself."""
import random
import threading

from door import *


def gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_gone(pid):
    while not gone(pid):
        time.sleep(0.01)


def one_agent_wins(w):
    threads = [threading.Thread(target=w.start_agent) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({w.hello() for _ in range(12)}) == 1


def stop_is_answered_when_nothing_is_accepted(w):
    pid = w.start()
    w.stop()
    fails(2, w.hello)
    wait_gone(pid)
    assert w.start() != pid


def signals_end_it(w):
    pid = w.start()
    w.kill(pid, signal.SIGTERM)
    assert not os.path.exists(w.address)


def idle_agents_leave(w):
    w.idle = 1
    pid = w.start()
    wait_gone(pid)
    assert not os.path.exists(w.address)


def private_folders_only(w):
    os.mkdir(w.cache)
    os.chmod(w.cache, 0o777)
    done = subprocess.run([AGENT, "--cache", w.cache], capture_output=True, text=True)
    assert done.returncode == 1 and w.cache in done.stderr, done
    for arguments in ([], ["--cache"], ["--cache", "relative"], ["--cache", w.cache, "--idle", "x"]):
        assert subprocess.run([AGENT, *arguments], capture_output=True).returncode == 1
    os.chmod(w.cache, 0o700)
    w.start()
    for name in ("agent.log", "agent.lock"):
        assert os.stat(os.path.join(w.cache, name)).st_mode & 0o077 == 0


def long_names_have_a_short_address(w):
    w.cache = os.path.join(w.cache, "x" * 100)
    w.start_agent()
    (folder,) = [f for f in os.listdir("/tmp") if f.startswith(f"algofs-{os.getuid()}-")
                 and os.path.exists(os.path.join("/tmp", f, "agent.sock"))
                 and answers(os.path.join("/tmp", f, "agent.sock"), w.cache)]
    address = os.path.join("/tmp", folder, "agent.sock")
    call(address, STOP, (0,))
    os.rmdir(os.path.dirname(address))


def answers(address, cache):
    try:
        _, fd = call(address, STATUS, (0,))
    except OSError:
        return False
    with open(fd, "rb") as answer:
        return json.load(answer)["cache"] == cache


def garbage_is_refused(w):
    w.start()
    for message in (b"x", b"\0" * 100, HEADER.pack(MAGIC, VERSION, 99, 0, 0), HEADER.pack(MAGIC, 9, HELLO, 0, 0),
                    HEADER.pack(MAGIC, VERSION, HELLO, 0, 0), HEADER.pack(MAGIC, VERSION, OPEN, 0, 4) + b"\xff" * 4):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.connect(w.address)
            door.send(message)
            assert HEADER.unpack_from(door.recv(65536))[3] < 0
    with open(os.devnull) as null:
        fails(22, w.fetch_open, "data/u/c/file", null.fileno())
        fails(22, w.need, null.fileno(), 0, 1)
    fails(9, w.fetch_open, "data/u/c/file", None)
    w.hello()


def silent_doors_hold_nobody_up(w):
    w.start()
    silent = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(100)]
    for door in silent:
        door.connect(w.address)
    w.hello()
    for door in silent:
        door.close()


def kill_at_any_time(w):
    rng = random.Random(3)
    files = {f"u/c/{i:03}": rng.randbytes(rng.randrange(1, 200000)) for i in range(60)}
    files["u/c/big"] = rng.randbytes(9 << 20)
    for name, data in files.items():
        w.put(name, data, 1700000000)
    pid = w.start()
    stop = threading.Event()

    def read_until_right(name):
        while True:
            try:
                w.start_agent()
                w.hello()
                return w.read("data/" + name)
            except (ConnectionError, FileNotFoundError, Failed) as failure:
                if isinstance(failure, Failed) and failure.errno not in (78, 125):
                    raise

    def killer():
        while not stop.wait(0.02):
            for victim in {w.agents[-1]}:
                w.kill(victim)

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        time.sleep(0.05)
        for name in rng.sample(sorted(files), len(files)):
            if name != "u/c/big":
                assert read_until_right(name) == files[name], name
    finally:
        stop.set()
        thread.join()
    for name in files:
        assert read_until_right(name) == files[name], name
    assert pid not in w.agents[-1:]


def partial_files_survive_a_restart(w):
    data = random.Random(4).randbytes(9 << 20)
    w.put("u/c/big", data, 1700000000)
    pid = w.start()
    with w.open("data/u/c/big") as file:
        assert file.read(0, 1 << 20) == data[:1 << 20] and file.read(8 << 20, 1000) == data[8 << 20:][:1000]
        w.kill(pid)
        fetched = w.settled("GET", "/big")
        w.start()
        assert file.read(0, 1 << 20) == data[:1 << 20]
        assert len(w.requests("GET", "/big")) == fetched
        assert file.read(4 << 20, 1 << 20) == data[4 << 20:5 << 20]
        assert w.need(file.fd, 0, FOR_EVER) == 1 and file.read(0, 9 << 20) == data
    assert sum(w.fetched("/big")) <= len(data) + (4 << 20)


def a_crash_of_the_machine_throws_away(w):
    w.put("u/c/file", b"on disk?", 1700000000)
    pid = w.start()
    assert w.read("data/u/c/file") == b"on disk?"
    w.kill(pid)
    state = os.path.join(os.path.dirname(w.tree), "state")
    assert open(state).read().startswith("dirty ")
    with open(state, "w") as out:
        out.write("dirty 00000000-0000-0000-0000-000000000000\n")
    pid = w.start()
    assert not os.path.exists(w.local("data/u/c/file"))
    assert w.read("data/u/c/file") == b"on disk?"
    w.stop()
    wait_gone(pid)
    assert open(state).read().startswith("clean ")
    with open(state, "w") as out:
        out.write("clean 00000000-0000-0000-0000-000000000000\n")
    w.start()
    assert not is_placeholder(os.stat(w.local("data/u/c/file")))
    assert len(w.requests("GET", "/file")) == 2


def accounts_do_not_meet(w):
    w.put("u/c/file", b"x")
    w.start()
    mine = w.tree
    w.key = "another"
    w.hello()
    assert w.tree != mine
    assert {i["tree"] for i in w.status()["instances"]} == {mine, w.tree}


def the_longest_unused_are_evicted(w):
    data = {f"data/u/c/{i}": bytes([i]) * 100000 for i in range(20)}
    for name, content in data.items():
        w.put(name[5:], content, 1700000000)
    w.start(ALGOFS_CACHE_SIZE="1M")
    for name, content in data.items():
        assert w.read(name) == content
    held = os.open(w.local("data/u/c/0"), os.O_RDONLY)
    listed = os.stat(w.local("data/u/c")).st_mtime_ns
    while sum(is_placeholder(os.stat(w.local(name))) for name in data) < 10:
        time.sleep(0.1)
    assert os.pread(held, 100000, 0) == data["data/u/c/0"]  # who has it open keeps it
    os.close(held)
    assert not is_placeholder(os.stat(w.local("data/u/c/19")))
    st = os.stat(w.local("data/u/c/0"))
    assert is_placeholder(st) and st.st_mtime == 1700000000
    assert os.stat(w.local("data/u/c")).st_mtime_ns == listed
    assert all(w.read(name) == content for name, content in data.items())


def a_full_disk_is_an_error(w):
    os.mkdir(w.cache, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3M,mode=700", "algofs-test", w.cache],
                      capture_output=True).returncode != 0:
        return  # needs root
    try:
        w.put("u/c/small", b"s" * 1000)
        w.put("u/c/whole", b"w" * (4 << 20))
        w.put("u/c/big", b"b" * (8 << 20))
        pid = w.start()
        fails(28, w.read, "data/u/c/whole")
        assert is_placeholder(os.stat(w.local("data/u/c/whole")))
        fails(28, w.read, "data/u/c/big")
        with w.open("data/u/c/big") as file:
            for chunk in range(64):
                if file.present(chunk):
                    assert os.pread(file.fd, CHUNK, chunk * CHUNK) == b"b" * CHUNK
        assert "make room" in open(os.path.join(w.cache, "agent.log")).read()
        w.kill(pid)
    finally:
        subprocess.run(["umount", "-l", w.cache], check=True)


def another_user(w):
    """As a user without privileges, if we may become one: nothing here needs root."""
    if os.getuid() != 0:
        return
    os.chmod(w.folder, 0o755)
    os.mkdir(w.cache, 0o700)
    os.chown(w.cache, 65534, 65534)
    w.put("u/c/file", b"x" * 1000)
    w.put("u/c/big", b"y" * (8 << 20))
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            w.start()
            assert w.read("data/u/c/file") == b"x" * 1000
            with w.open("data/u/c/big") as file:
                os.rename(w.local("data/u/c/big"), w.local("data/u/c/moved"))
                assert file.read(7 << 20, 10) == b"y" * 10
                os.rename(w.local("data/u/c/moved"), w.local("data/u/c/big"))
                pid = w.agents[-1]
                w.kill(pid)
                w.start()
                assert file.read(5 << 20, 10) == b"y" * 10  # found by /proc/self/fd, which we closed to others
            fails(13, open, f"/proc/{w.agents[-1]}/environ")
            w.stop()
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


for test in (one_agent_wins, stop_is_answered_when_nothing_is_accepted, signals_end_it, idle_agents_leave,
             private_folders_only, long_names_have_a_short_address, garbage_is_refused, silent_doors_hold_nobody_up,
             kill_at_any_time, partial_files_survive_a_restart, a_crash_of_the_machine_throws_away,
             accounts_do_not_meet, the_longest_unused_are_evicted, a_full_disk_is_an_error, another_user):
    print(test.__name__, flush=True)
    with World() as world:
        test(world)
