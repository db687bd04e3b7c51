# SPDX-License-Identifier: MIT
"""What the agent's tests share: a door in Python, a real server, a real agent, and their clean end."""
import array
import json
import mmap
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
AGENT = os.path.join(BUILD, "bin", "algofs-agent")
SERVER = os.path.join(BUILD, "bin", "algofs-server")
KEY = "simTestKey"
FOR_EVER = 2**64 - 1
HELLO, ENSURE, OPEN, NEED, HINT, STATUS, STOP = range(1, 8)
ENTRY, LISTING = 0, 1
SCOPE_ENTRY, SCOPE_DIRECTORY = 1, 2
HEADER = struct.Struct("=IHHiI")
MAGIC, VERSION, CHUNK = 0x32676C61, 2, 128 * 1024
WHOLE = 4 << 20  # files up to this are fetched whole


class Failed(OSError):
    """A reply with a status below 0."""


def text(value):
    raw = os.fsencode(value)
    return struct.pack("=I", len(raw)) + raw + b"\0"


def call(address, kind, numbers=(), strings=(), fd=None, answered=True):
    """One message and its reply: (numbers and strings as bytes, the descriptor beside or None)."""
    body = b"".join(struct.pack("=Q", n) for n in numbers) + b"".join(text(s) for s in strings)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.settimeout(120)
        door.connect(address)
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        door.sendmsg([HEADER.pack(MAGIC, VERSION, kind, 0, len(body)) + body], beside)
        if not answered:
            return b"", None
        reply, fds, _, _ = socket.recv_fds(door, 65536, 2)
    if not reply:
        raise ConnectionResetError("the agent has gone")
    magic, version, answer, status, length = HEADER.unpack_from(reply)
    assert (magic, version, answer, length) == (MAGIC, VERSION, kind, len(reply) - HEADER.size)
    if status < 0:
        raise Failed(-status, os.strerror(-status), strings[-1] if strings else None)
    return reply[HEADER.size:], (fds[0] if fds else None)


class World:
    """A server over a folder, a cache folder, and agents that are started as they are needed."""

    def __init__(self, *server_options, idle=60, key=KEY):
        for program in (AGENT, SERVER):
            if not os.access(program, os.X_OK):
                print(f"{program} is not there", file=sys.stderr)
                sys.exit(77)
        self.folder = tempfile.mkdtemp(prefix="algofs-agent-test.")
        self.root = os.path.join(self.folder, "root")
        self.cache = os.path.join(self.folder, "cache")
        self.log = os.path.join(self.folder, "requests")
        os.makedirs(os.path.join(self.root, "u", "c"))
        self.idle, self.key, self.agents = idle, key, []
        self.server, self.port = None, 0
        self.options = server_options
        self.instance = self.tree = None
        self.start_server()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and os.path.exists(os.path.join(self.cache, "agent.log")):
            sys.stderr.write(open(os.path.join(self.cache, "agent.log"), errors="replace").read())
        for pid in set(self.agents):
            self.kill(pid)
        self.stop_server()
        for left in range(100, -1, -1):  # an agent that was killed may be making its last file still
            try:
                return shutil.rmtree(self.folder)
            except OSError:
                if left == 0:
                    raise
                time.sleep(0.1)

    # the server

    def start_server(self, *options):
        self.server = subprocess.Popen(
            [SERVER, "--root", self.root, "--listen", f"127.0.0.1:{self.port}", "--key", KEY, "--user", "u",
             "--log", self.log, *self.options, *options], stdout=subprocess.PIPE, text=True)
        self.api = self.server.stdout.readline().split()[-1]
        self.port = int(self.api.rsplit(":", 1)[1])

    def stop_server(self):
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()

    def put(self, name, content, mtime=None):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new~", "wb") as out:
            out.write(content)
        if mtime is not None:
            os.utime(path + ".new~", (mtime, mtime))
        os.rename(path + ".new~", path)

    def requests(self, method=None, part=""):
        """Lines of the server's log, each one request. It logs a little after it has answered."""
        before, now = -1, os.stat(self.log).st_size
        while before != now:
            time.sleep(0.2)
            before, now = now, os.stat(self.log).st_size
        with open(self.log) as log:
            return [l for l in log if part in l and (method is None or f" {method} " in f" {l}")]

    def settled(self, method, part):
        """The number of requests, once the server has logged those that were broken off, too."""
        before, now = -1, len(self.requests(method, part))
        while before != now:
            time.sleep(0.3)
            before, now = now, len(self.requests(method, part))
        return now

    def fetched(self, part):
        """Sizes of the bodies sent for it; those that were broken off do not count."""
        sizes = [line.split()[4] for line in self.requests("GET", part)]
        return [int(size) for size in sizes if size.isdigit()]

    # the agent

    @property
    def address(self):
        return os.path.join(self.cache, "agent.sock")

    def start_agent(self, **environment):
        subprocess.run([AGENT, "--cache", self.cache, "--idle", str(self.idle)], check=True,
                       env={"PATH": "/usr/bin:/bin", "ALGOFS_DEBUG": "all",
                            **{k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k}, **environment})

    def hello(self):
        body, _ = call(self.address, HELLO, (), (self.api, self.key) + ("",) * 19)
        self.instance, pid, length = struct.unpack_from("=QQI", body)
        self.agents.append(pid)
        self.tree = os.fsdecode(body[20:20 + length])
        return pid

    def start(self, **environment):
        """As a door does: a call that an agent drops, because it is just leaving, is repeated."""
        for _ in range(5):
            self.start_agent(**environment)
            try:
                return self.hello()
            except ConnectionError as error:
                print("HELLO was dropped:", error)
        return self.hello()

    def kill(self, pid, how=signal.SIGKILL):
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return
        while os.path.exists(f"/proc/{pid}") and open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
            time.sleep(0.01)

    # calls

    def ensure(self, path, wanted=ENTRY, max_age=FOR_EVER):
        body, _ = call(self.address, ENSURE, (self.instance, wanted, max_age), (path,))
        return struct.unpack("=QQ", body)

    def local(self, path):
        return os.path.join(self.tree, path)

    def fetch_open(self, path, fd, flags=os.O_RDONLY):
        body, map_fd = call(self.address, OPEN, (self.instance, flags, 0), (path,), fd)
        return struct.unpack("=Q", body)[0], map_fd

    def need(self, fd, offset, length, hold=0):
        body, _ = call(self.address, NEED, (self.instance, offset, length, hold), (), fd)
        return struct.unpack("=Q", body)[0]

    def hint(self, fd, offset):
        call(self.address, HINT, (self.instance, offset), (), fd, answered=False)

    def open(self, path):
        """Opens as a door does; a File."""
        for _ in range(20):
            self.ensure(path)
            fd = os.open(self.local(path), os.O_RDONLY | os.O_NOATIME)
            try:
                return File(self, path, fd)
            except Failed as failure:
                os.close(fd)
                if failure.errno != 116:  # ESTALE: the tree shows the new object
                    raise
        raise AssertionError("always stale")

    def read(self, path):
        with self.open(path) as file:
            return file.read(0, os.fstat(file.fd).st_size)

    def status(self):
        _, fd = call(self.address, STATUS, (0,))
        with open(fd, "rb") as answer:
            return json.load(answer)

    def stop(self, force=0):
        call(self.address, STOP, (force,))


class File:
    """An open file, read as a door reads it: the map is asked before the bytes are believed."""

    def __init__(self, world, path, fd):
        self.world, self.fd, self.map = world, fd, None
        if is_placeholder(os.fstat(fd)):
            _, map_fd = world.fetch_open(path, fd)
            if map_fd is not None:
                self.map = mmap.mmap(map_fd, 0, prot=mmap.PROT_READ)
                os.close(map_fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        if self.map is not None:
            self.map.close()

    def bits(self, chunk):
        """1: present, 2: mark."""
        if self.map is None or struct.unpack_from("=I", self.map, 52)[0]:
            return 1
        word = struct.unpack_from("=Q", self.map, 128 + 8 * (chunk // 32))[0]
        return word >> 2 * (chunk % 32) & 3

    def present(self, chunk):
        return bool(self.bits(chunk) & 1)

    def read(self, offset, length):
        size = os.fstat(self.fd).st_size
        end = min(offset + length, size)
        chunks = [self.bits(c) for c in range(offset // CHUNK, (end + CHUNK - 1) // CHUNK)]
        if any(bits & 2 for bits in chunks):
            self.world.hint(self.fd, offset)
        if any(not bits & 1 for bits in chunks):
            self.world.need(self.fd, offset, end - offset)
        return os.pread(self.fd, end - offset, offset)


def is_placeholder(st):
    return stat.S_ISREG(st.st_mode) and bool(st.st_mode & stat.S_ISVTX)


def fails(code, function, *arguments):
    try:
        function(*arguments)
    except OSError as failure:
        assert failure.errno == code, failure
    else:
        raise AssertionError(f"{function.__name__}{arguments} did not fail")
