#!/bin/bash
# SPDX-License-Identifier: MIT
# A mapping of a file that was never read shows its bytes, not holes.
. "$(dirname "$0")/../lib.sh"
make_tree 150
serve
in_prefix "$PYTHON" "$TESTS/lib-read.py" mmap "$T/sums.json" "$P"
