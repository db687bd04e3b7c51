#!/bin/bash
# SPDX-License-Identifier: MIT
# Three hundred small files in async mode, by one process and by several: all of them reach the server.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection --delay 50
# shellcheck disable=SC2016
script='
import os, sys
from libsay import put
top = os.environ["DIR"] + "/" + sys.argv[1]
for folder in range(3):
    os.makedirs("%s/%d" % (top, folder))
for number in range(int(sys.argv[2])):
    put("%s/%d/file %d" % (top, number % 3, number), b"%d\n" % number * (number % 50))
'
as_user env DIR="$PLAIN" "$PYTHON" -c "$script" one 300
in_prefix DIR="$C" ALGOFS_WRITEBACK=async "$PYTHON" -c "$script" one 300
in_prefix diff -r "$C" "$PLAIN" || fail "they are not in the prefix"
for n in 1 2 3 4; do as_user env DIR="$PLAIN" "$PYTHON" -c "$script" "p$n" 50; done
pids=()
for n in 1 2 3 4; do
    in_prefix DIR="$C" ALGOFS_WRITEBACK=async "$PYTHON" -c "$script" "p$n" 50 &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || fail "a writer failed"; done
drained
same_at_server
expect_equal "what failed" 0 "$(count_left failed)"
expect_equal "uploads" 500 "$(uploads '/c/')"
note "the agent stopped with uploads waiting: the next one goes on"
in_prefix DIR="$C" ALGOFS_WRITEBACK=async "$PYTHON" -c "$script" stopped 100
as_user env DIR="$PLAIN" "$PYTHON" -c "$script" stopped 100
algofs stop
drained
same_at_server
read_back
