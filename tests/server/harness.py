# SPDX-License-Identifier: MIT
"""What the tests of algofs-server share: a running server, and few words to say what is wrong."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("BUILD", os.path.join(REPO, "build")), "bin", "algofs-server")
KEY, READER = "simTestKey", "simReadOnly"
PRIVATE = ".algofs-server"
GIVE_UP = 60  # seconds after which a server that does not answer is a failure


class Answer:
    def __init__(self, status, reason, headers, body):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def json(self):
        return json.loads(self.body)


class Server:
    """A running server; `with Server(...) as s:`. s.dir is its temporary directory."""

    def __init__(self, *options, root=True, before=None):
        self.dir = tempfile.mkdtemp(prefix="server-api-")
        self.root = os.path.join(self.dir, "root")
        self.log = os.path.join(self.dir, "log")
        os.mkdir(self.root)
        self.options = [o.replace("@DIR@", self.dir) for o in options]
        if root:
            self.options += ["--root", self.root]
        if before:
            before(self)
        self.start()

    def start(self):
        command = [PROGRAM, "--listen", "127.0.0.1:0", "--user", "alice", "--key", KEY,
                   "--key", READER + ":ro", "--log", self.log, *self.options]
        self.errors = open(os.path.join(self.dir, "stderr"), "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors)
        line = self.process.stdout.readline().decode()
        found = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", line)
        if not found:
            self.process.kill()
            raise AssertionError("first line is %r; %s" % (line, self.complaints()))
        self.port = int(found.group(1))

    def stop(self, signal_number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        code = self.process.wait(GIVE_UP)
        self.process.stdout.close()
        self.errors.close()
        return code

    def complaints(self):
        with open(os.path.join(self.dir, "stderr")) as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            code = self.stop()
            if kind is None:
                same(code, 0, "exit status of the server; " + self.complaints())
                same([n for n in self.private_files() if n.startswith("upload-")], [], "left-overs")
        finally:
            shutil.rmtree(self.dir)

    def private_files(self):
        folder = os.path.join(self.root, PRIVATE)
        return os.listdir(folder) if os.path.isdir(folder) else []

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIVE_UP)

    def call(self, method, path, body=None, headers=None, key=KEY, connection=None, chunked=False):
        own = connection or self.connect()
        sent = {"Authorization": "Simple " + key} if key else {}
        sent.update(headers or {})
        try:
            own.request(method, path, body, sent, encode_chunked=chunked)
            got = own.getresponse()
            return Answer(got.status, got.reason, got.headers, got.read())
        finally:
            if not connection:
                own.close()

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def put(self, path, body=b"x", **more):
        return self.call("PUT", path, body, **more)

    def make(self, parent, name, **more):
        body = json.dumps(dict({"name": name}, **more))
        return self.call("POST", parent, body, {"Content-Type": "application/json"})

    def raw(self, data):
        """Everything the server says to these bytes, until it closes; "" for a reset."""
        with socket.create_connection(("127.0.0.1", self.port), GIVE_UP) as sock:
            sock.sendall(data)
            said = b""
            try:
                while True:
                    got = sock.recv(65536)
                    if not got:
                        return said
                    said += got
            except ConnectionResetError:
                return said

    def raw_get(self, target, extra=b""):
        return self.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        b"Authorization: " + KEY.encode() + b"\r\n" + extra + b"\r\n")

    def log_lines(self, count):
        """The request log once it has `count` lines: they are written after the answers."""
        for _ in range(GIVE_UP * 20):
            with open(self.log) as file:
                lines = file.read().splitlines()
            if len(lines) >= count:
                return lines
            time.sleep(0.05)
        raise AssertionError("the log has %d lines, not %d" % (len(lines), count))


def same(got, wanted, what=""):
    if got != wanted:
        raise AssertionError("%s: got %r, wanted %r" % (what, got, wanted))


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def error(answer, status, message=None, what=""):
    same(answer.status, status, "%s status (%r)" % (what, answer.body))
    true(isinstance(answer.json()["error"]["message"], str), "no error.message")
    if message:
        same(answer.json(), {"error": {"message": message}}, what)


def names(answer, kind, field):
    return [e[field] for e in answer.json().get(kind, [])]


def write(path, data=b"x"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def put_head(path, length, extra=b""):
    return (b"PUT " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: " + KEY.encode() +
            b"\r\nContent-Length: %d\r\n" % length + extra + b"\r\n")


def run(tests):
    """Runs the functions called test_*, those whose name contains an argument if there are any."""
    if not os.access(PROGRAM, os.X_OK):
        print("skipped: there is no " + PROGRAM)
        return 77
    wanted = sys.argv[1:]
    failed = 0
    for name, test in [item for item in tests.items() if item[0].startswith("test_")]:
        if wanted and not any(part in name for part in wanted):
            continue
        try:
            test()
        except Exception as failure:
            failed += 1
            trace = failure.__traceback__
            while trace.tb_next and trace.tb_next.tb_frame.f_code.co_filename != __file__:
                trace = trace.tb_next
            print("FAIL %s, line %d: %s: %s" % (name, trace.tb_lineno, type(failure).__name__, failure))
    print("%d failed" % failed if failed else "passed")
    return 1 if failed else 0
