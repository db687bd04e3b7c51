#!/bin/bash
# SPDX-License-Identifier: MIT
# Python's open reads every byte of 2,000 files.
. "$(dirname "$0")/../lib.sh"
make_tree 2000
serve
in_prefix "$PYTHON" "$TESTS/lib-read.py" open "$T/sums.json" "$P"
