#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End-to-end test of algofs-server's faults: that they do what --help says, and nothing else.

Run as server-api.py is.
"""

import hashlib
import http.client
import json
import os
import re
import signal
import socket
import sys
import time

sys.dont_write_bytecode = True  # the sources stay as they are
from harness import GIVE_UP, KEY, Server, error, names, run, same, true, write  # noqa: E402


def outcome(s, path="/v1/data/.my/c/f", method="GET", body=None):
    """The status of a call, or what became of its connection."""
    try:
        return s.call(method, path, body).status
    except http.client.IncompleteRead as failure:
        return "cut", len(failure.partial)
    except http.client.RemoteDisconnected:  # is a ConnectionResetError, too
        return "closed"
    except ConnectionResetError:
        return "reset"


def faulty(*specs, **more):
    def prepare(s):
        write(os.path.join(s.root, "alice", "c", "f"), b"x" * 1000)
        if "before" in more:
            more["before"](s)

    return Server(*[o for spec in specs for o in ("--fault", spec)], *more.get("options", ()), before=prepare)


def test_fault_status():
    with faulty("match=GET:/c/f,nth=3,status=500", "match=HEAD:,every=2,status=503,retry-after=7") as s:
        same([outcome(s) for _ in range(5)], [200, 200, 500, 200, 200])
        same([outcome(s, method="HEAD") for _ in range(4)], [200, 503, 200, 503])
        s.call("HEAD", "/v1/data/")
        answer = s.call("HEAD", "/v1/data/")
        same((answer.status, answer.headers["Retry-After"]), (503, "7"))
        same(s.get("/v1/data/.my/c").status, 200, "not matched")
    with faulty("match=PUT:,count=1,status=503") as s:
        same(outcome(s, "/v1/data/.my/c/new", "PUT", b"data"), 503)
        same(s.get("/v1/data/.my/c/new").status, 404, "nothing was done")
        same(outcome(s, "/v1/data/.my/c/new", "PUT", b"data"), 200)


def test_fault_connection():
    with faulty("match=*:/c/f,count=2,reset") as s:
        same([outcome(s) for _ in range(3)], ["reset", "reset", 200])
    with faulty("match=GET:/c/f,count=1,cut=0", "match=GET:/c/f,nth=2,cut=123", "match=GET:/c/f,nth=3,cut=5000") as s:
        for number, (wanted, aborted) in enumerate(((("cut", 0), True), (("cut", 123), True), (200, False)), 1):
            same(outcome(s), wanted)
            line = s.log_lines(number)[-1]
            same(line.endswith(" aborted"), aborted, line)
            same(line.split()[4], "1000" if wanted == 200 else str(wanted[1]), line)
    with faulty("match=GET:/c/f,count=1,stall=0", "match=HEAD:,count=1,stall=0", "match=GET:/c/f,nth=2,stall=3600") as s:
        same(outcome(s), ("cut", 500))
        same([outcome(s, method="HEAD") for _ in range(2)], ["closed", 200])
        sock = socket.create_connection(("127.0.0.1", s.port), GIVE_UP)
        sock.sendall(b"GET /v1/data/.my/c/f HTTP/1.1\r\nHost: x\r\nAuthorization: " + KEY.encode() + b"\r\n\r\n")
        said = b""
        while said.count(b"x") < 500:
            said += sock.recv(4096)
        same(s.stop(), 0, "a stalled server ends at once")
        sock.close()
        s.start()


def test_fault_length_and_etag():
    with faulty("match=GET:/c/f,nth=1,length=+10", "match=GET:/c/f,nth=2,length=-10",
                "match=GET:/c/f,nth=3,wrong-etag") as s:
        same(outcome(s), ("cut", 1000))
        answer = s.get("/v1/data/.my/c/f")
        same((answer.headers["Content-Length"], len(answer.body)), ("990", 990))
        right = hashlib.md5(b"x" * 1000).hexdigest()
        etags = [s.get("/v1/data/.my/c/f").headers["ETag"] for _ in range(2)]
        true(etags[0] != right and re.fullmatch("[0-9a-f]{32}", etags[0]), etags[0])
        same(etags[1], right)


def test_fault_uploads():
    with faulty("match=PUT:,nth=1,nospace", "match=PUT:,nth=2,upload-reset=50", "match=PUT:,nth=3,upload-reset=100") as s:
        error(s.put("/v1/data/.my/c/new", b"data"), 507, "no space left on the server")
        for _ in range(2):
            try:
                s.put("/v1/data/.my/c/new", b"y" * 5_000_000)
                raise AssertionError("not reset")
            except (ConnectionResetError, BrokenPipeError):
                pass
        same(s.get("/v1/data/.my/c/new").status, 404)
        same(s.put("/v1/data/.my/c/new", b"data").status, 200)


def test_fault_names():
    hostile = ["..", ".", "", "a/b", "n" * 300, "line\nbreak", {"name": "dir/..", "dir": True},
               {"json": "nul\\u0000inside"}]
    seen = ["..", ".", "", "a/b", "n" * 300, "line\nbreak", "nul\0inside"]

    def prepare(s):
        with open(os.path.join(s.dir, "names.json"), "w") as file:
            json.dump(hostile, file)

    with faulty(before=prepare, options=("--fault", "match=GET:/c,names=@DIR@/names.json")) as s:
        listing = s.get("/v1/data/.my/c")
        same(names(listing, "files", "filename"), ["f"] + seen)
        same(names(listing, "folders", "name"), ["dir/.."])
        same({f["size"] for f in listing.json()["files"][1:]}, {1})
        same(s.get("/v1/data/.my").json(), {"folders": [{"name": "c"}]}, "not matched")


def test_fault_file():
    def prepare(s):
        write(os.path.join(s.dir, "faults"), b"# a comment\n\nmatch=GET:/c/f,count=1,status=500\n")

    def reload(s, text):
        write(os.path.join(s.dir, "faults"), text)
        s.process.send_signal(signal.SIGHUP)

    with faulty(before=prepare, options=("--fault-file", "@DIR@/faults")) as s:
        same([outcome(s), outcome(s)], [500, 200])
        reload(s, b"match=GET:/c/f,status=502\n")
        while outcome(s) != 502:  # the signal takes its time
            time.sleep(0.01)
        reload(s, b"nonsense=1\n")
        while "nonsense" not in s.complaints():
            time.sleep(0.01)
        same(outcome(s), 502, "the old faults stay")
        reload(s, b"")
        while outcome(s) != 200:
            time.sleep(0.01)

if __name__ == "__main__":
    sys.exit(run(globals()))
