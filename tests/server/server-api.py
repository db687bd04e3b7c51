#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End-to-end test of algofs-server: every MUST of the API reference, over real sockets.

Starts build/bin/algofs-server ($BUILD/bin/algofs-server) on a free port of 127.0.0.1 with folders below a
temporary directory, and stops it by its process id. No test depends on how long something takes.
Exit 0: passed, 1: failed, 77: skipped (no server was built).

    server-api.py [NAME...]     run only the tests whose name contains one of NAME
"""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True  # the sources stay as they are
from harness import (GIVE_UP, KEY, PRIVATE, PROGRAM, READER, Server,  # noqa: E402
                     error, names, put_head, run, same, true, write)


# ---- authorization and routes


def test_authorization_forms():
    with Server() as s:
        for value in (KEY, "Simple " + KEY, "simple " + KEY, "Bearer " + KEY):
            same(s.get("/v1/data/", key=None, headers={"Authorization": value}).status, 200, value)
        for value in (None, "", "Simple", "Simple ", "wrong", KEY + "x", KEY[:-1], "Basic " + KEY,
                      KEY + ":ro"):
            headers = {} if value is None else {"Authorization": value}
            error(s.get("/v1/data/", key=None, headers=headers), 401, "authorization required")
        head = s.call("HEAD", "/v1/data/", key=None)
        same((head.status, head.headers["X-Error-Message"]), (401, "authorization required"))
        same(s.put("/v1/data/.my/c/f", key=None).status, 401)


def test_read_only_key():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        s.put("/v1/data/.my/c/f", b"text")
        same(s.get("/v1/data/.my/c/f", key=READER).body, b"text")
        error(s.put("/v1/data/.my/c/f", b"other", key=READER), 403)
        for method, path in (("POST", "/v1/data/.my"), ("PATCH", "/v1/data/.my/c"),
                             ("DELETE", "/v1/data/.my/c/f"), ("DELETE", "/v1/data/.my/c?force=true")):
            error(s.call(method, path, b'{"name":"d"}', key=READER), 403, what=method)
        same(s.get("/v1/data/.my/c/f").body, b"text")


def test_both_route_families():
    with Server() as s:
        same(s.get("/v1/connector/data").body, b'{"folders":[{"name":"alice"}]}')
        for path in ("/v1/connector/data/", "/v1/data", "/v1/data/", "/v1/data/data://",
                     "/v1/data/data%3A%2F%2F", "http://elsewhere/v1/data/"):
            answer = s.get(path)
            same((answer.status, answer.body), (200, b'{"folders":[{"name":"alice"}]}'), path)
            same(answer.headers["X-Data-Type"], "directory", path)
        same(s.make("/v1/connector/data/.my", "c").body, b'{"result":"data://.my/c"}')
        same(s.put("/v1/connector/data/alice/c/f.txt", b"hello").body,
             b'{"result":"data://alice/c/f.txt"}')
        for path in ("/v1/data/.my/c/f.txt", "/v1/data/alice/c/f.txt", "/v1/connector/data/.my/c/f.txt",
                     "/v1/data/data://.my/c/f.txt", "/v1/data/data%3A%2F%2F.my%2Fc%2Ff.txt",
                     "/v1/data/.my%2Fc%2ff.txt", "/v1/data/%2Emy/c/%66.txt", "/v1/connector/DATA/.my/c/f.txt"):
            same(s.get(path).body, b"hello", path)
        for path in ("/", "/v1", "/v1/connector", "/v1/connector/", "/v1/datas/x", "/v2/data/",
                     "/v1/connector/nosuch/x", "/v1/data/nosuch://x", "/v1/algo/a/b"):
            error(s.get(path), 404, "path not found", path)
        answer = s.call("OPTIONS", "/v1/data/")
        error(answer, 405)
        same(answer.headers["Allow"], "GET, HEAD, PUT, POST, PATCH, DELETE")


def test_names_are_decoded_once():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        for name in ("a b+c.txt", "100%", "%41", "é", "x?y#z", 'quo"te\\', "tab\there", "\x7f", "~", "..."):
            path = "/v1/data/.my/c/" + urllib.parse.quote(name)
            same(s.put(path, name.encode()).json()["result"], "data://.my/c/" + name)
            same(s.get(path).body, name.encode(), name)
            true(os.path.exists(os.path.join(s.root, "alice", "c", name)), "not on disk: " + name)
            same(names(s.get("/v1/data/.my/c"), "files", "filename"), [name])
            same(s.call("DELETE", path).body, b'{"result":{"deleted":1}}')
        same(s.put("/v1/data/.my/c/a+b").json()["result"], "data://.my/c/a+b", "plus is itself")


def test_names_that_are_not_utf8():
    with Server() as s:
        os.makedirs(os.path.join(s.root, "alice", "c"))
        for name in (b"\xe9", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"good"):
            with open(os.path.join(os.fsencode(s.root), b"alice/c", name), "wb") as file:
                file.write(b"1")
        same(names(s.get("/v1/data/.my/c"), "files", "filename"), ["good"])
        same(s.get("/v1/data/.my/c/%E9").body, b"1")
        error(s.put("/v1/data/.my/c/%FF%FF"), 400, "name is not UTF-8")
        true("4 names that are not UTF-8" in s.complaints(), "not counted: " + s.complaints())


# ---- no way out


def test_escapes_from_the_root():
    def prepare(s):
        write(os.path.join(s.dir, "secret"), b"SECRET")
        write(os.path.join(s.dir, "outside", "f"), b"SECRET")
        inside = os.path.join(s.root, "alice", "c")
        os.makedirs(inside)
        os.symlink("../../../secret", os.path.join(inside, "link"))
        os.symlink(os.path.join(s.dir, "outside"), os.path.join(inside, "linkdir"))
        os.symlink(os.path.join(s.dir, "outside"), os.path.join(s.root, "eve"))
        os.symlink("c", os.path.join(s.root, "alice", "self"))
        os.symlink("/proc/self/root", os.path.join(inside, "magic"))
        os.mkfifo(os.path.join(inside, "fifo"))
        with socket.socket(socket.AF_UNIX) as unix:
            here = os.getcwd()
            os.chdir(inside)
            unix.bind("socket")
            os.chdir(here)

    with Server(before=prepare) as s:
        for target in (b"/v1/data/../../secret", b"/v1/data/.my/c/../../../secret", b"/v1/data/%2e%2e/secret",
                       b"/v1/data/.my/c/..%2f..%2f..%2fsecret", b"/v1/data/.my/c/%2e%2e%2f%2e%2e/secret",
                       b"/v1/data//etc/passwd", b"/v1/data/%2Fetc/passwd", b"/v1/data/.my//c",
                       b"/v1/connector/data//etc/passwd", b"/v1/data/data:///etc/passwd",
                       b"/v1/data/.my/./c", b"/v1/data/.my/c//", b"/v1/data/.my/c/%00", b"/v1/data/.my/c/f%00x",
                       b"/v1/data/.my/c/%", b"/v1/data/.my/c/%4", b"/v1/data/.my/c/%zz", b"/v1/data/..",
                       b"/v1/data/.my/" + b"n" * 256, b"/v1/data/.my/c/" + b"%41" * 256):
            said = s.raw_get(target)
            true(said.startswith(b"HTTP/1.1 400 "), "%r: %r" % (target, said))
            true(b"SECRET" not in said and b"root:" not in said, "escaped by %r" % target)
        for path in ("link", "linkdir", "linkdir/", "linkdir/f", "magic", "magic/etc/passwd", "fifo", "socket"):
            same(s.get("/v1/data/.my/c/" + path).status, 404, path)
            same(s.call("HEAD", "/v1/data/.my/c/" + path).status, 404, path)
            true(s.call("DELETE", "/v1/data/.my/c/" + path + "?force=true").status in (400, 404), path)
            true(s.put("/v1/data/.my/c/" + path).status in (400, 404), "PUT " + path)
        for path in ("eve", "eve/f", ".my/self", ".my/self/link", "%s/x" % PRIVATE, ".my/%s" % PRIVATE):
            same(s.get("/v1/data/" + path).status, 404, path)
        same(s.get("/v1/data/.my/c").body, b"{}")
        same(s.get("/v1/data/.my").body, b'{"folders":[{"name":"c"}]}')
        same(s.make("/v1/data/.my/c", "link").status, 409)
        for name in ("..", ".", "", "a/b", "/", "x" * 256, PRIVATE, "nul\0byte"):
            error(s.make("/v1/data/.my/c", name), 400, what=repr(name))
        same(s.call("DELETE", "/v1/data/.my/c?force=true").body, b'{"result":{"deleted":0}}', "no visible file")
        true(not os.path.exists(os.path.join(s.root, "alice", "c")), "the directory is gone")
        with open(os.path.join(s.dir, "secret"), "rb") as file:
            same(file.read(), b"SECRET")
        same(os.listdir(os.path.join(s.dir, "outside")), ["f"], "links were followed")


def test_raw_requests():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        said = s.raw_get(b"/v1/data/.my/c\xe9")
        true(b" 404 " in said, said)
        said = s.raw_get(b"/v1/data/" + b"a/" * 2040 + b"a")
        true(b" 400 " in said or b" 404 " in said, said)
        for garbage in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET /v1/data/ HTTP/9.9\r\n\r\n"):
            s.raw(garbage + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        same(s.get("/v1/data/").status, 200, "still alive")


# ---- reading


def test_get_and_head_of_files():
    data = bytes(range(256)) * 100
    with Server() as s:
        s.make("/v1/data/.my", "c")
        s.put("/v1/data/.my/c/cat.png", data)
        etag = hashlib.md5(data).hexdigest()
        for method, body in (("GET", data), ("HEAD", b"")):
            answer = s.call(method, "/v1/data/.my/c/cat.png")
            same((answer.status, answer.reason, answer.body), (200, "OK", body), method)
            for header, value in (("Content-Length", str(len(data))), ("X-Data-Type", "file"), ("ETag", etag),
                                  ("Content-Type", "image/png"), ("X-Error-Message", None)):
                same(answer.headers[header], value, method + " " + header)
        s.put("/v1/data/.my/c/empty", b"")
        head = s.call("HEAD", "/v1/data/.my/c/empty")
        same((head.headers["Content-Length"], head.headers["ETag"]), ("0", "d41d8cd98f00b204e9800998ecf8427e"))
        same(head.headers["Content-Type"], "application/octet-stream")
        for path in ("/v1/data/.my/c/nosuch", "/v1/data/.my/nosuch/f", "/v1/data/.my/c/cat.png/x",
                     "/v1/data/.my/c/cat.png/", "/v1/data/nobody", "/v1/data/.my/nosuch/"):
            error(s.get(path), 404, "path not found", path)
            head = s.call("HEAD", path)
            same((head.status, head.headers["X-Error-Message"]), (404, "path not found"), path)


def test_head_of_directories():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        for path in ("/v1/data", "/v1/data/", "/v1/data/.my", "/v1/data/alice/", "/v1/data/.my/c", "/v1/data/.my/c/"):
            head = s.call("HEAD", path)
            same((head.status, head.headers["X-Data-Type"], head.headers["X-Error-Message"]),
                 (200, "directory", None), path)


def test_etag_follows_the_content():
    with Server() as s:
        file = os.path.join(s.root, "alice", "c", "f")
        write(file, b"one")
        os.utime(file, (1000, 1000))
        for _ in range(2):
            same(s.get("/v1/data/.my/c/f").headers["ETag"], hashlib.md5(b"one").hexdigest())
        for text in (b"two", b"six", b"ten"):
            write(file, text)
            same(s.get("/v1/data/.my/c/f").headers["ETag"], hashlib.md5(text).hexdigest())
        with open(file, "wb") as sparse:
            sparse.truncate(5 << 30)
        head = s.call("HEAD", "/v1/data/.my/c/f")
        same((head.headers["Content-Length"], head.headers["ETag"]), (str(5 << 30), None), "large, not hashed")
        part = s.get("/v1/data/.my/c/f", headers={"Range": "bytes=%d-%d" % ((4 << 30) + 1, (4 << 30) + 3)})
        same((part.status, part.body), (206, b"\0\0\0"), "beyond 4 GiB")


def test_ranges():
    data = bytes(range(100))
    with Server() as s:
        write(os.path.join(s.root, "alice", "c", "f"), data)
        for text, status, body, shown in (
                ("bytes=0-0", 206, data[:1], "bytes 0-0/100"), ("bytes=5-9", 206, data[5:10], "bytes 5-9/100"),
                ("bytes=90-", 206, data[90:], "bytes 90-99/100"), ("bytes=-10", 206, data[90:], "bytes 90-99/100"),
                ("bytes=50-1000", 206, data[50:], "bytes 50-99/100"), ("bytes=-1000", 206, data, "bytes 0-99/100"),
                ("bytes=0-99", 206, data, "bytes 0-99/100"),
                ("bytes=0-18446744073709551615", 206, data, "bytes 0-99/100"),
                ("bytes=100-", 416, None, "bytes */100"), ("bytes=-0", 416, None, "bytes */100"),
                ("bytes=9-5", 200, data, None), ("bytes=", 200, data, None), ("bytes=a-b", 200, data, None),
                ("bytes=0-1,3-4", 200, data, None), ("lines=0-1", 200, data, None),
                ("bytes=99999999999999999999-", 200, data, None)):
            answer = s.get("/v1/data/.my/c/f", headers={"Range": text})
            same((answer.status, answer.headers["Content-Range"]), (status, shown), text)
            if body is not None:
                same((answer.body, answer.headers["Content-Length"]), (body, str(len(body))), text)
                same(answer.headers["ETag"], hashlib.md5(data).hexdigest(), text)
        head = s.call("HEAD", "/v1/data/.my/c/f", headers={"Range": "bytes=5-9"})
        same((head.status, head.headers["Content-Length"]), (200, "100"))
        etag = hashlib.md5(data).hexdigest()
        for text, status in ((etag, 206), ('"%s"' % etag, 206), ("x", 200), ('"x"', 200), ('"%s' % etag, 200),
                             ("Sat, 29 Oct 1994 19:43:31 GMT", 200)):
            answer = s.get("/v1/data/.my/c/f", headers={"Range": "bytes=5-9", "If-Range": text})
            same((answer.status, answer.body), (status, data[5:10] if status == 206 else data), text)
    with Server("--no-range") as s:
        write(os.path.join(s.root, "alice", "c", "f"), data)
        answer = s.get("/v1/data/.my/c/f", headers={"Range": "bytes=5-9"})
        same((answer.status, answer.body, answer.headers["Content-Range"], answer.headers["Accept-Ranges"]),
             (200, data, None, None))


# ---- listings


def test_listing_bodies():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        same(s.get("/v1/data/.my/c").body, b"{}", "an empty directory")
        same(s.get("/v1/data/.my/c/").headers["X-Data-Type"], "directory")
        s.put("/v1/data/.my/c/f", b"12345")
        when = 1452041554.987
        os.utime(os.path.join(s.root, "alice", "c", "f"), (when, when))
        same(s.get("/v1/data/.my/c").body,
             b'{"files":[{"filename":"f","last_modified":"2016-01-06T00:52:34.000Z","size":5}]}')
        s.make("/v1/data/.my/c", "sub")
        same(sorted(s.get("/v1/data/.my/c").json()), ["files", "folders"])
        same(s.get("/v1/data/.my/c").json()["folders"], [{"name": "sub"}])
        same(s.get("/v1/data/.my/c?acl=false").body, s.get("/v1/data/.my/c").body)
        same(s.get("/v1/data/.my?acl=true").json(), {"folders": [{"name": "c"}]}, "an account has no acl")
        same(s.get("/v1/data/?acl=true").json(), {"folders": [{"name": "alice"}]}, "the root has no acl")
        true(PRIVATE in os.listdir(s.root), "the private folder is there and was not listed")


def page_through(s, path):
    """All names of a directory, and the sizes of the pages."""
    found, sizes, marker = [], [], None
    while True:
        # as the PHP client: the marker is pasted in without any encoding
        answer = s.get(path + ("?marker=" + marker if marker else ""))
        same(answer.status, 200, path)
        page = answer.json()
        entries = names(answer, "folders", "name") + names(answer, "files", "filename")
        found += entries
        sizes.append(len(entries))
        if "marker" not in page:
            return found, sizes
        marker = page["marker"]
        true(re.fullmatch(r"[0-9A-Za-z-]+", marker), "marker %r" % marker)


def test_paging():
    with Server() as s:
        folder = os.path.join(s.root, "alice", "c")
        wanted = ["f%04d é&=" % i for i in range(2990)]
        for name in wanted:
            write(os.path.join(folder, name), b"")
        for i in range(10):
            os.mkdir(os.path.join(folder, "f%04d sub" % (i * 300)))
            wanted.append("f%04d sub" % (i * 300))
        found, sizes = page_through(s, "/v1/data/.my/c")
        same(sizes, [1000, 1000, 1000], "folders and files count together")
        same(sorted(found), sorted(wanted), "each name once")
        first = s.get("/v1/data/.my/c").json()["marker"]
        os.unlink(os.path.join(folder, bytes.fromhex(first.split("-")[1]).decode()))
        same(s.get("/v1/data/.my/c?marker=" + first).status, 200, "the marked name is gone")
        for marker in ("x", "3-6", "1-zz", "-1-61", "2-61", "1-00", "99999-61"):
            error(s.get("/v1/data/.my/c?marker=" + marker), 400, "invalid marker", marker)
        same(s.get("/v1/data/.my/c?marker=").json()["marker"], s.get("/v1/data/.my/c").json()["marker"])
    with Server("--page", "3") as s:
        for i in range(6):
            write(os.path.join(s.root, "alice", "c", str(i)), b"")
        same(page_through(s, "/v1/data/.my/c"), (list("012345"), [3, 3]), "no empty page at the end")


# ---- writing


def test_create():
    with Server() as s:
        answer = s.make("/v1/data/.my", "c")
        same((answer.status, answer.reason, answer.body), (200, "OK", b'{"result":"data://.my/c"}'))
        same(answer.headers["Content-Type"], "application/json")
        same(s.make("/v1/data/alice/c/", "deep").body, b'{"result":"data://alice/c/deep"}')
        error(s.make("/v1/data/.my", "c"), 409, "path already exists")
        error(s.make("/v1/data/.my/nosuch", "c"), 404, "path not found")
        error(s.make("/v1/data", "bob"), 400)
        s.put("/v1/data/.my/c/f")
        error(s.make("/v1/data/.my/c/f", "d"), 404)
        for body in (b"", b"{", b"[]", b"{}", b'{"name":3}', b'"plain"', b'{"name":"d","acl":{"read":["x"]}}'):
            error(s.call("POST", "/v1/data/.my", body, {"Content-Type": "application/json"}), 400, what=repr(body))
        same(s.call("POST", "/v1/data/.my", b"plain", {"Content-Type": "text/plain"}).body,
             b'{"result":"data://.my/plain"}', "the plain-text form")
        same(s.call("POST", "/v1/data/.my", iter([b'{"na', b'me":"chunks"}']), chunked=True).status, 200)
        error(s.call("POST", "/v1/data/.my", b"x" * 100000), 413)
        same(names(s.get("/v1/data/.my"), "folders", "name"), ["c", "chunks", "plain"])


def test_acl():
    def acl(s, path="/v1/data/.my/c"):
        return s.get(path + "?acl=true").json()["acl"]["read"]

    with Server() as s:
        s.make("/v1/data/.my", "c")
        same(acl(s), ["algo://.my/*"], "the default")
        for value in ([], ["user://*"], ["algo://.my/*"]):
            s.make("/v1/data/.my", "d", acl={"read": value})
            same(acl(s, "/v1/data/.my/d"), value)
            s.call("DELETE", "/v1/data/.my/d")
            answer = s.call("PATCH", "/v1/data/.my/c", json.dumps({"acl": {"read": value}}))
            same((answer.status, answer.body), (200, b""))
            same(acl(s), value)
        s.call("PATCH", "/v1/connector/data/alice/c/", b'{"acl":{"read":["user://*"]}}')
        same(s.stop(), 0)
        s.start()
        same(acl(s), ["user://*"], "kept across a restart")
        for body in (b"", b"{}", b'{"acl":{}}', b'{"acl":{"read":"user://*"}}', b'{"acl":{"read":["x"]}}',
                     b'{"acl":{"read":["user://*","algo://.my/*"]}}'):
            error(s.call("PATCH", "/v1/data/.my/c", body), 400, what=repr(body))
        good = b'{"acl":{"read":[]}}'
        error(s.call("PATCH", "/v1/data/.my/nosuch", good), 404)
        error(s.call("PATCH", "/v1/data/.my", good), 400)
        s.put("/v1/data/.my/c/f")
        error(s.call("PATCH", "/v1/data/.my/c/f", good), 400)


def test_put():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        answer = s.put("/v1/data/.my/c/f", b"one")
        same((answer.status, answer.body), (200, b'{"result":"data://.my/c/f"}'))
        same(s.put("/v1/data/.my/c/f", b"second").status, 200, "replaces")
        same(s.get("/v1/data/.my/c/f").body, b"second")
        error(s.put("/v1/data/.my/nosuch/f"), 404, "path not found")
        error(s.put("/v1/data/.my/c/f/g"), 404, "path not found")
        for path in (".my/c", ".my/c/", ".my/c/new/", ".my", "bob", ""):
            error(s.put("/v1/data/" + path), 400, "path is a directory", path)
        same(s.put("/v1/data/.my/c/t", b'{"not json', headers={"Content-Type": "application/json"}).status, 200)
        same(s.put("/v1/data/.my/c/" + "n" * 255).status, 200, "the longest name")
        same(s.put("/v1/data/.my/c/empty", iter([]), chunked=True).status, 200)
        same(s.get("/v1/data/.my/c/empty").body, b"")


def test_chunked_uploads():
    data = os.urandom(3_000_000)
    with Server() as s:
        s.make("/v1/data/.my", "c")
        pieces = [data[i:i + 77_777] for i in range(0, len(data), 77_777)]
        same(s.put("/v1/data/.my/c/f", iter(pieces), chunked=True).status, 200)
        answer = s.get("/v1/data/.my/c/f")
        true(answer.body == data, "the content differs")
        same(answer.headers["ETag"], hashlib.md5(data).hexdigest())


def memory_kb(process):
    with open("/proc/%d/status" % process.pid) as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


def test_large_upload_is_not_held_in_memory():
    block, count = os.urandom(1 << 20), 300
    with Server() as s:
        s.make("/v1/data/.my", "c")
        before = memory_kb(s.process)
        same(s.put("/v1/data/.my/c/f", (block for _ in range(count)), chunked=True).status, 200)
        true(memory_kb(s.process) - before < 100 * 1024, "grew to %d kB" % memory_kb(s.process))
        md5 = hashlib.md5()
        for _ in range(count):
            md5.update(block)
        head = s.call("HEAD", "/v1/data/.my/c/f")
        same((head.headers["Content-Length"], head.headers["ETag"]), (str(count << 20), md5.hexdigest()))


def test_unfinished_uploads_leave_nothing():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        s.put("/v1/data/.my/c/f", b"old")
        for head in (put_head(b"/v1/data/.my/c/f", 1000), put_head(b"/v1/data/.my/c/new", 1000)):
            with socket.create_connection(("127.0.0.1", s.port), GIVE_UP) as sock:
                sock.sendall(head + b"x" * 500)
                while not s.private_files():  # the upload has begun
                    time.sleep(0.01)
                same(names(s.get("/v1/data/.my/c"), "files", "filename"), ["f"], "not visible")
            while s.private_files():
                time.sleep(0.01)
        same(s.get("/v1/data/.my/c/f").body, b"old")
        same(names(s.get("/v1/data/.my/c"), "files", "filename"), ["f"])


def test_early_refusals():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        said = s.raw(put_head(b"/v1/data/.my/nosuch/f", 1000, b"Expect: 100-continue\r\n"))
        true(said.startswith(b"HTTP/1.1 404 "), "no 100 for a refused upload: %r" % said)
        said = s.raw(put_head(b"/v1/data/.my/c/f", 1 << 60))
        true(said.startswith(b"HTTP/1.1 507 "), "larger than the disk: %r" % said)
        own = s.connect()  # a refused body is read to its end, so the connection can be used again
        error(s.put("/v1/data/.my/nosuch/f", b"x" * 2_000_000, connection=own), 404, "path not found")
        same(s.get("/v1/data/", connection=own).status, 200)
        own.close()


def test_delete():
    with Server() as s:
        for name in ("c", "empty", "empty2"):
            s.make("/v1/data/.my", name)
        for i in range(25):
            s.put("/v1/data/.my/c/f%d" % i)
        answer = s.call("DELETE", "/v1/data/.my/c/f0")
        same((answer.status, answer.body), (200, b'{"result":{"deleted":1}}'))
        error(s.call("DELETE", "/v1/data/.my/c/f0"), 404, "path not found")
        error(s.call("DELETE", "/v1/data/.my/nosuch/f"), 404, "path not found")
        error(s.call("DELETE", "/v1/data/.my/c/f1/"), 404)
        for path in ("/v1/data/.my/c", "/v1/data/.my/c/", "/v1/data/.my/c?force=false"):
            error(s.call("DELETE", path), 400, "directory is not empty", path)
        s.make("/v1/data/.my/c", "sub")
        s.put("/v1/data/.my/c/sub/f")
        same(s.call("DELETE", "/v1/data/.my/c?force=true").body, b'{"result":{"deleted":25}}')
        same(s.call("DELETE", "/v1/data/.my/empty").body, b'{"result":{"deleted":0}}')
        same(s.call("DELETE", "/v1/data/.my/empty2/?force=true").body, b'{"result":{"deleted":1}}')
        same(s.get("/v1/data/.my").body, b"{}")
        for path in ("/v1/data/.my?force=true", "/v1/data/alice/", "/v1/data/", "/v1/data"):
            error(s.call("DELETE", path), 400)
        same(s.call("DELETE", "/v1/data/.my/x", headers={"Content-Type": "text/plain"}).status, 404)


# ---- options


def test_strict():
    with Server("--strict") as s:
        for name in ("my-dir", "a.b", "1st", "_x", "x" * 31, "é"):
            error(s.make("/v1/data/.my", name), 400, what=name)
        same(s.make("/v1/data/.my", "Ok_" + "x" * 27).status, 200)
        s.make("/v1/data/.my", "c")
        error(s.make("/v1/data/.my/c", "d"), 400)
        error(s.put("/v1/data/.my/f"), 400)
        error(s.put("/v1/data/.my/c/d/f"), 400)
        same(s.put("/v1/data/.my/c/any name.txt".replace(" ", "%20")).status, 200)


def test_connectors_and_homes():
    def prepare(s):
        for name in ("bucket", "locked", "bob", "alice-home"):
            os.mkdir(os.path.join(s.dir, name))
        write(os.path.join(s.dir, "locked", "f"), b"locked")

    with Server("--connector", "s3+lab=@DIR@/bucket", "--connector", "dropbox=@DIR@/locked:ro",
                "--home", "bob=@DIR@/bob", "--home", "alice=@DIR@/alice-home", before=prepare) as s:
        same(s.make("/v1/connector/s3+lab", "b").body, b'{"result":"s3+lab://b"}')
        same(s.make("/v1/data/s3+lab://b", "c").body, b'{"result":"s3+lab://b/c"}')
        same(s.put("/v1/data/s3%2Blab%3A%2F%2Fb%2Fc%2Fd.txt", b"deep").body, b'{"result":"s3+lab://b/c/d.txt"}')
        for path in ("/v1/connector/s3+lab/b/c/d.txt", "/v1/connector/s3%2Blab/b/c/d.txt",
                     "/v1/connector/S3+lab/b/c/d.txt", "/v1/data/s3+lab://b/c/d.txt"):
            same(s.get(path).body, b"deep", path)
        same(s.get("/v1/data/s3+lab://").json(), {"folders": [{"name": "b"}]})
        same(s.get("/v1/data/s3+lab://b?acl=true").json(), {"folders": [{"name": "c"}]}, "no acl")
        error(s.call("PATCH", "/v1/connector/s3+lab/b", b'{"acl":{"read":[]}}'), 400)
        error(s.call("DELETE", "/v1/connector/s3+lab?force=true"), 400)
        same(s.call("DELETE", "/v1/connector/s3+lab/b?force=true").body, b'{"result":{"deleted":1}}')
        error(s.get("/v1/connector/s3/b"), 404)
        error(s.put("/v1/data/s3+lab:///x"), 400)
        same(s.get("/v1/data/dropbox://f").body, b"locked")
        for method, path in (("PUT", "f"), ("POST", ""), ("DELETE", "f")):
            error(s.call(method, "/v1/connector/dropbox/" + path, b'{"name":"x"}'), 403, what=method)
        same(s.make("/v1/data/bob", "c").status, 200)
        same(s.make("/v1/data/.my", "mine").status, 200)
        same((os.listdir(os.path.join(s.dir, "bob")), os.listdir(os.path.join(s.dir, "alice-home"))),
             (["c"], ["mine"]))
        same(s.get("/v1/data/").json(), {"folders": [{"name": "alice"}]}, "only the caller's account")


def test_command_line():
    def start(*options):
        return subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=GIVE_UP)

    done = start("--help")
    same(done.returncode, 0)
    for word in ("--root", "--listen", "--key", "--fault", "upload-reset", "--connector"):
        true(word in done.stdout, "--help does not tell of " + word)
    for options in ([], ["--rot", "x"], ["--root"], ["extra"], ["--page", "0"], ["--page", "x"],
                    ["--root", "/tmp"], ["--root", "/tmp", "--key", "k", "--fault", "sttus=500"],
                    ["--root", "/tmp", "--key", "k", "--fault", "status"], ["--home", "x"], ["--user", ".."],
                    ["--root", "/tmp", "--key", "k", "--listen", "nonsense"]):
        done = start(*options)
        same((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), "%s: %s" % (options, done.stderr))
    true("secret" not in start("--key", "secret:ro", "--page", "x").stderr, "a key was printed")
    same(start("--root", "/nonexistent/x", "--key", "k").returncode, 1)


def test_request_log():
    part = {"Range": "bytes=2-4"}
    with Server() as s:
        steps = (
            (lambda: s.make("/v1/data/.my", "c"), r"POST /v1/data/\.my 200 25 \d+ range=-"),
            (lambda: s.put("/v1/data/.my/c/f", b"0123456789"), r"PUT /v1/data/\.my/c/f 200 10 \d+ range=-"),
            (lambda: s.get("/v1/data/.my/c/f", headers=part), r"GET /v1/data/\.my/c/f 206 3 \d+ range=2-4"),
            (lambda: s.get("/v1/data/.my/c?acl=true"), r"GET /v1/data/\.my/c\?acl=true 200 \d+ \d+ range=-"),
            (lambda: s.call("HEAD", "/v1/data/.my/c/f"), r"HEAD /v1/data/\.my/c/f 200 0 \d+ range=-"),
            (lambda: s.get("/v1/data/.my/x%0Ay"), r"GET /v1/data/\.my/x%0Ay 404 \d+ \d+ range=-"),
            (lambda: s.raw_get(b"/v1/data/.my/\x01\xff"), r"GET /v1/data/\.my/%01%FF 404 \d+ \d+ range=-"),
            (lambda: s.get("/v1/data/", key="wrongkey"), r"GET /v1/data/ 401 \d+ \d+ range=-"))
        for number, (step, pattern) in enumerate(steps, 1):
            step()
            lines = s.log_lines(number)
            same(len(lines), number)
            true(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z " + pattern, lines[-1]),
                 "%r is not %s" % (lines[-1], pattern))
        for key in (KEY, READER, "wrongkey"):
            true(key not in "\n".join(lines) + s.complaints(), "a key was logged")


def test_keep_alive():
    with Server() as s:
        own = s.connect()
        s.make("/v1/data/.my", "c")
        s.put("/v1/data/.my/c/f", b"x" * 100_000, connection=own)
        first = own.sock
        for _ in range(20):
            same(len(s.get("/v1/data/.my/c/f", connection=own).body), 100_000)
            same(s.get("/v1/data/.my/nosuch", connection=own).status, 404)
            same(s.call("HEAD", "/v1/data/.my/c/f", connection=own).status, 200)
        true(own.sock is first, "the connection was closed")
        own.close()


def test_many_at_once():
    with Server("--delay", "50") as s:
        s.make("/v1/data/.my", "c")
        failures = []

        def worker(number):
            try:
                own = s.connect()
                path, data = "/v1/data/.my/c/f%d" % number, b"%d" % number * 1000
                for _ in range(3):
                    same(s.put(path, data, connection=own).status, 200)
                    same(s.get(path, connection=own).body, data)
                    same(s.get("/v1/data/.my/c", connection=own).status, 200)
                own.close()
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=worker, args=(i,)) for i in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        same(failures, [])
        same(len(names(s.get("/v1/data/.my/c"), "files", "filename")), 64)


def test_bandwidth():
    data = os.urandom(100_000)
    with Server("--bandwidth", "2000000") as s:
        s.make("/v1/data/.my", "c")
        own = s.connect()
        same(s.put("/v1/data/.my/c/f", data, connection=own).status, 200)
        true(s.get("/v1/data/.my/c/f", connection=own).body == data, "the content differs")
        same(s.get("/v1/data/.my/c/f", connection=own, headers={"Range": "bytes=7-70006"}).body, data[7:70007])
        own.close()


def test_end():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server("--delay", "1") as s:
            s.make("/v1/data/.my", "c")
            idle = s.connect()
            s.get("/v1/data/", connection=idle)
            half = socket.create_connection(("127.0.0.1", s.port), GIVE_UP)
            half.sendall(put_head(b"/v1/data/.my/c/f", 1000) + b"x" * 500)
            while not s.private_files():
                time.sleep(0.01)
            same(s.stop(number), 0, "exit status")
            same(sorted(os.listdir(s.root)), ["alice"], "nothing of ours is left")
            same(os.listdir(os.path.join(s.root, "alice", "c")), [])
            half.close()
            idle.close()
            s.start()
    with Server() as s:  # what a killed server left is removed by the next one
        s.make("/v1/data/.my", "c")
        half = socket.create_connection(("127.0.0.1", s.port), GIVE_UP)
        half.sendall(put_head(b"/v1/data/.my/c/f", 1000) + b"x" * 500)
        while not s.private_files():
            time.sleep(0.01)
        same(s.stop(signal.SIGKILL), -signal.SIGKILL)
        half.close()
        same(len(s.private_files()), 1)
        s.start()
        same(s.private_files(), [])

if __name__ == "__main__":
    sys.exit(run(globals()))
