#!/bin/bash
# SPDX-License-Identifier: MIT
# shutil.copyfile (sendfile) of files that were never read.
. "$(dirname "$0")/../lib.sh"
make_tree 150
serve
user_dir "$T/out"
in_prefix "$PYTHON" "$TESTS/lib-read.py" copyfile "$T/sums.json" "$P"
