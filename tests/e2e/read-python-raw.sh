#!/bin/bash
# SPDX-License-Identifier: MIT
# Unbuffered reads of odd sizes, and preads from the end to the start, each on a cold cache.
. "$(dirname "$0")/../lib.sh"
make_tree 150
serve
for how in readinto pread_backwards; do
    note "$how"
    fresh_cache
    in_prefix "$PYTHON" "$TESTS/lib-read.py" "$how" "$T/sums.json" "$P"
done
