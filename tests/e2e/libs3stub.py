# SPDX-License-Identifier: MIT
"""libs3stub.py LOG: as much of S3 as a look at one object takes. Prints its address; one line a request in LOG: method,
path, the key's name and region of the signature, the session token. Checks no signature: core/remote's tests do."""
import http.server
import re
import sys

BODY = b"from the bucket\n"
LISTING = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>
<IsTruncated>false</IsTruncated><Contents><Key>%s</Key><LastModified>2024-01-02T03:04:05.000Z</LastModified>
<ETag>"0123456789abcdef0123456789abcdef-1"</ETag><Size>16</Size><StorageClass>STANDARD</StorageClass></Contents>
</ListBucketResult>"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        signed = re.search(r"Credential=([^/]*)/[0-9]*/([^/]*)/", self.headers.get("Authorization", ""))
        with open(sys.argv[1], "a") as log:
            log.write(" ".join((self.command, self.path, *(signed.groups() if signed else ("-", "-")),
                                self.headers.get("x-amz-security-token", "-"))) + "\n")
        prefix = re.search(r"prefix=([^&]*)", self.path)
        listing = "list-type=2" in self.path
        body = LISTING % ((prefix.group(1).replace("%2F", "/") if prefix else "") + "object").encode() if listing else BODY
        found = listing or self.path.split("?")[0].endswith("/object")
        self.send_response(200 if found else 404)
        if found:
            self.send_header("ETag", '"0123456789abcdef0123456789abcdef-1"')
            self.send_header("Last-Modified", "Tue, 02 Jan 2024 03:04:05 GMT")
        self.send_header("Content-Length", str(len(body) if found else 0))
        self.end_headers()
        if found and self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
