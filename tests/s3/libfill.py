#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""libfill.py SWIFT_DIR BUCKET: puts the keys on stdin, one a line, into the bucket's listing.

The rows go into the container's database by Swift's own code. There are no objects behind them: that would
take half an hour for 100,000, and a listing does not look. Swift's own server answers the listing.
"""
import glob
import os
import sys
import time

from swift.common import utils
from swift.container.backend import ContainerBroker

swift_dir, bucket = sys.argv[1:]
os.chdir(os.path.join(swift_dir, "conf"))
utils.SWIFT_CONF_FILE = os.path.join(swift_dir, "conf", "swift.conf")
for path in glob.glob(os.path.join(swift_dir, "disk/d1/containers/*/*/*/*.db")):
    broker = ContainerBroker(path)
    if broker.get_info()["container"] == bucket:
        break
else:
    sys.exit("no database of " + bucket)
now = "%016.05f" % (time.time() - 3600)
keys = sys.stdin.read().split("\n")[:-1]
for start in range(0, len(keys), 10000):
    broker.merge_items([{
        "name": key, "created_at": now, "size": 0, "content_type": "application/octet-stream",
        "etag": "d41d8cd98f00b204e9800998ecf8427e", "deleted": 0, "storage_policy_index": 0,
        "ctype_timestamp": None, "meta_timestamp": None,
    } for key in keys[start:start + 10000]])
