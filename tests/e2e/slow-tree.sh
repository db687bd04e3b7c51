#!/bin/bash
# SPDX-License-Identifier: MIT
# A slow server (20 ms a request, 4 MB/s) gives the same bytes.
. "$(dirname "$0")/../lib.sh"
make_tree 150 --big 6000000
"$PYTHON" - "$SRC" "$T/sums.json" <<'END'
import json, os, sys
folder, sums = sys.argv[1:]
known = json.load(open(sums))
for name in [n for n, (size, _) in known.items() if size > 7000000]:
    os.unlink(os.path.join(folder, name))
    del known[name]
json.dump(known, open(sums, "w"))
END
serve --delay 20 --bandwidth 4000000
user_dir "$T/out"
in_prefix cp -r "$P" "$T/out/"
check_tree "$T/out/$(basename "$P")"
