#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the official clients put on the wire, replayed byte for byte, and what they make of the answers.

Seen by running algorithmia 2.0.5 (Python), algorithmia 0.3.10 (Node.js) and algorithmia-client 1.0.16
(Java) against the server: paths are escaped in three ways, and strings come back by the charset.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import KEY, Server, run, same, true  # noqa: E402


def request(s, line, body=None, extra=()):
    """(status, head, body) of a request that is written as it stands."""
    lines = [line + b" HTTP/1.1", b"Host: 127.0.0.1:%d" % s.port, *extra, b"Connection: close"]
    if body is not None and not any(b"chunked" in each for each in extra):
        lines.append(b"Content-Length: %d" % len(body))
    said = s.raw(b"\r\n".join(lines) + b"\r\n\r\n" + (body or b""))
    head, _, rest = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), rest


def chunks(data):
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data) if data else b"0\r\n\r\n"


BARE = b"Authorization: " + KEY.encode()
SIMPLE = b"Authorization: Simple " + KEY.encode()
CHUNKED = b"Transfer-Encoding: chunked"


def test_java_escapes_by_form_encoding():
    with Server() as s:
        status, _, body = request(s, b"POST /v1/data/.my", b'{"name":"java dir"}',
                                  (SIMPLE, b"Content-Type: application/json; charset=UTF-8"))
        same((status, body), (200, b'{"result":"data://.my/java dir"}'))
        for wire, name in ((b"a+b", "a b"), (b"a%2Bb", "a+b"), (b"a%25b", "a%b"), (b"ha%23sh", "ha#sh"),
                           (b"q%3Fm", "q?m"), (b"%C3%BCn%C3%AF", "ün\u00ef"), (b"a%26b%3Dc", "a&b=c")):
            path = b"/v1/data/.my%2Fjava+dir%2F" + wire
            status, _, body = request(s, b"PUT " + path, chunks(wire), (SIMPLE, CHUNKED))
            same((status, body.decode()), (200, '{"result":"data://.my/java dir/%s"}' % name))
            true(os.path.exists(os.path.join(s.root, "alice", "java dir", name)), "not on disk: " + name)
            same(request(s, b"GET " + path, extra=(SIMPLE,))[::2], (200, wire), name)
            same(request(s, b"HEAD " + path, extra=(SIMPLE,))[0], 200, name)
        same(request(s, b"GET /v1/data/.my%2Fjava+dir%2F", extra=(SIMPLE,))[0], 200, "with a slash")
        same(request(s, b"DELETE /v1/data/.my%2Fjava+dir?force=true", extra=(SIMPLE,))[::2],
             (200, b'{"result":{"deleted":7}}'))


def test_node_sends_latin_letters_as_single_bytes():
    with Server() as s:
        s.make("/v1/data/.my", "c")
        status, _, body = request(s, b"PUT /v1/data/.my/c/\xfcn\xef", chunks(b"v"),
                                  (SIMPLE, CHUNKED, b"Content-Type: text/plain"))
        same((status, body.decode()), (200, '{"result":"data://.my/c/\u00fcn\u00ef"}'))
        same(request(s, b"GET /v1/data/.my/c/\xfcn\xef", extra=(SIMPLE,))[::2], (200, b"v"))
        same(s.get("/v1/data/.my/c/%C3%BCn%C3%AF").body, b"v", "the same file")
        status, head, body = request(s, b"PUT /v1/data/.my/c/e", chunks(b""), (SIMPLE, CHUNKED))
        same(status, 200)
        status, head, body = request(s, b"GET /v1/data/.my/c/e", extra=(SIMPLE,))
        same((status, body), (200, b""))
        true(b"content-type:" in head, "Node drops the body of an answer without a type")


def test_python_reads_strings_by_the_charset():
    """requests takes text/... without a charset for ISO-8859-1."""
    with Server() as s:
        s.make("/v1/data/.my", "c")
        for name in (b"x.txt", b"x.csv", b"x.md", b"x.html"):
            same(request(s, b"PUT /v1/data/.my/c/" + name, "h\u00e9".encode(), (BARE,))[0], 200)
            _, head, body = request(s, b"GET /v1/data/.my/c/" + name, extra=(BARE,))
            same(body.decode(), "h\u00e9")
            true(b"; charset=utf-8\r\n" in head, head)
        status, _, body = request(s, b"PUT /v1/data/.my/c/empty.txt", chunks(b""), (BARE, CHUNKED))
        same((status, body), (200, b'{"result":"data://.my/c/empty.txt"}'))
        status, head, body = request(s, b"HEAD /v1/data/.my/c/none", extra=(BARE, b"Content-Length: 0"))
        same((status, body), (404, b""))
        true(b"x-error-message: path not found" in head, head)
        same(request(s, b"PATCH /v1/data/.my/c", b'{"acl": {"read": ["user://*"]}}',
                     (BARE, b"Content-Type: application/json"))[::2], (200, b""))


if __name__ == "__main__":
    sys.exit(run(globals()))
