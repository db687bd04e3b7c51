#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads that pread a large file at random offsets get the right bytes, from part of the file.
. "$(dirname "$0")/../lib.sh"
need_helper preads
"$PYTHON" -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(150000000).replace(b"\0", b"\1"))' >"$SRC/large"
serve
for seed in 1 2; do
    in_prefix "$HELPERS/preads" "$P/large" "$SRC/large" 4 40 $seed
done
if ! plain; then
    settle
    # bytes that the server sent for the file: well below its size, or it was fetched whole for nothing
    sent=$(awk '$2 == "GET" && $3 ~ "/set/large" { n += $5 } END { print n + 0 }' "$SERVER_LOG")
    note "$sent bytes were sent"
    expect_equal "status 206 for the file" "" "$(awk '$2 == "GET" && $3 ~ "/set/large" && $4 != 206' "$SERVER_LOG")"
fi
note "and on a slow network, then whole"
start_server --delay 20 --bandwidth 50000000
use_prefix
in_prefix "$HELPERS/preads" "$P/large" "$SRC/large" 4 20 3
in_prefix cmp "$P/large" "$SRC/large"
