# SPDX-License-Identifier: MIT
"""libs3stub.py LOG [honour|ignore]: as much of S3 as a look at one object takes. Prints its address; one line a request in
LOG: method, path, the key's name and region of the signature, the session token. Checks no signature: core/remote's tests do.

With `honour` or `ignore` it is a store that keeps small objects in memory, empty at first, and honours If-Match and
If-None-Match of a PUT, or does not; LOG's lines then end in the condition and the status. Swift, which tests/s3 uses,
honours none. No multipart, no paging."""
import hashlib
import http.server
import re
import sys
import threading
import urllib.parse

BODY = b"from the bucket\n"
LISTING = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>
<IsTruncated>false</IsTruncated>%s</ListBucketResult>"""
CONTENTS = b"""<Contents><Key>%s</Key><LastModified>2024-01-02T03:04:05.000Z</LastModified>
<ETag>%s</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>"""
ETAG = '"0123456789abcdef0123456789abcdef-1"'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request_line(self, *more):
        signed = re.search(r"Credential=([^/]*)/[0-9]*/([^/]*)/", self.headers.get("Authorization", ""))
        with open(sys.argv[1], "a") as log:
            log.write(" ".join((self.command, self.path, *(signed.groups() if signed else ("-", "-")),
                                self.headers.get("x-amz-security-token", "-"), *more)) + "\n")

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.log_request_line()
        prefix = re.search(r"prefix=([^&]*)", self.path)
        headers = (("ETag", ETAG), ("Last-Modified", "Tue, 02 Jan 2024 03:04:05 GMT"))
        if "list-type=2" in self.path:
            key = (prefix.group(1).replace("%2F", "/") if prefix else "") + "object"
            self.answer(200, LISTING % (CONTENTS % (key.encode(), ETAG.encode(), len(BODY))), headers)
        elif self.path.split("?")[0].endswith("/object"):
            self.answer(200, BODY, headers)
        else:
            self.answer(404)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Store(Handler):
    objects = {}  # key: (body, ETag, user metadata)
    lock = threading.Lock()
    honours = False

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(self.path)
        key = urllib.parse.unquote(url.path).lstrip("/").partition("/")[2]
        with Store.lock: # what is asked and what is done is one step
            status, body, headers = getattr(self, "on_" + self.command)(key, urllib.parse.parse_qs(url.query), body)
        condition = ["%s:%s" % (name, self.headers[name]) for name in ("If-Match", "If-None-Match") if name in self.headers]
        self.log_request_line("".join(condition) or "-", str(status))
        self.answer(status, body, headers)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_any

    def on_GET(self, key, query, _):
        if "list-type" in query:
            prefix, found = query.get("prefix", [""])[0], []
            for name, (body, etag, _) in sorted(Store.objects.items()):
                if name.startswith(prefix) and "/" not in name[len(prefix):]:
                    found.append(CONTENTS % (name.encode(), etag.encode(), len(body)))
            return 200, LISTING % b"".join(found), ()
        if key not in Store.objects:
            return 404, b"", ()
        body, etag, metadata = Store.objects[key]
        headers = [("ETag", etag), ("Last-Modified", "Tue, 02 Jan 2024 03:04:05 GMT"), *metadata]
        part = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part is None or not body:
            return 200, body, headers
        first, last = int(part[1]), min(int(part[2] or len(body)), len(body) - 1)
        return 206, body[first:last + 1], headers + [("Content-Range", "bytes %d-%d/%d" % (first, last, len(body)))]

    on_HEAD = on_GET

    def on_PUT(self, key, _, body):
        etag = Store.objects.get(key, (None, None, None))[1]
        wanted = self.headers.get("If-Match")
        if Store.honours and (wanted not in (None, etag) or (etag and self.headers.get("If-None-Match") == "*")):
            return (412 if etag or wanted is None else 404), b"", ()
        metadata = [(n, v) for n, v in self.headers.items() if n.lower().startswith("x-amz-meta-")]
        if "x-amz-copy-source" in self.headers:
            return 501, b"", ()
        Store.objects[key] = (body, '"%s"' % hashlib.md5(body).hexdigest(), metadata)
        return 200, b"", [("ETag", Store.objects[key][1])]

    def on_DELETE(self, key, *_):
        Store.objects.pop(key, None)
        return 204, b"", ()


mode = sys.argv[2] if len(sys.argv) > 2 else None
Store.honours = mode == "honour"
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store if mode else Handler)
print("http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
