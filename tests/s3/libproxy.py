#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A store's bad days: passes requests on to a store, but for those that it is told to spoil.

    libproxy.py TARGET LOG [--fail PATTERN=STATUS] [--cut PATTERN] [--hold PATTERN]

Prints its address. Each request is one line "METHOD PATH STATUS" of LOG. The first request that matches
--fail is answered with that status, the first of --cut gets no answer, and all of --hold wait for ever.
The Host header is passed on as it came: it is signed.
"""
import argparse
import http.client
import http.server
import re
import sys
import threading
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument("target")
parser.add_argument("log")
parser.add_argument("--fail", action="append", default=[])
parser.add_argument("--cut", action="append", default=[])
parser.add_argument("--hold", action="append", default=[])
args = parser.parse_args()
target = urllib.parse.urlsplit(args.target).netloc
lock = threading.Lock()
once = {}
for spec in args.fail:
    pattern, _, status = spec.rpartition("=")
    once[pattern] = int(status)
for pattern in args.cut:
    once[pattern] = 0
log = open(args.log, "a", buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            piece = self.rfile.read(min(left, 1 << 20))
            if not piece:
                raise ConnectionError
            left -= len(piece)
            yield piece

    def spoilt(self, line):
        with lock:
            for pattern in once:
                if re.search(pattern, line):
                    return once.pop(pattern)
        return None

    def handle_any(self):
        line = self.command + " " + self.path
        if any(re.search(pattern, line) for pattern in args.hold):
            log.write(line + " held\n")
            threading.Event().wait()
        status = self.spoilt(line)
        if status is not None:
            for _ in self.body():
                pass
            log.write("%s %d\n" % (line, status))
            self.close_connection = True
            if status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")
                self.end_headers()
            return
        self.forward(line)

    def forward(self, line):
        upstream = http.client.HTTPConnection(target, timeout=600)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                upstream.putheader(name, value)
        upstream.putheader("Connection", "close")
        upstream.endheaders()
        for piece in self.body():
            upstream.send(piece)
        answer = upstream.getresponse()
        log.write("%s %d\n" % (line, answer.status))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        while True:
            piece = answer.read(1 << 20)
            if not piece:
                break
            self.wfile.write(piece)
        upstream.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # a client that is killed is part of the plan


server = Server(("127.0.0.1", 0), Handler)
print("http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
