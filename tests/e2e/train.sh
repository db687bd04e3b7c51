#!/bin/bash
# SPDX-License-Identifier: MIT
# examples/train.py prints the same from the prefix as from the plain folder.
. "$(dirname "$0")/../lib.sh"
"$PYTHON" -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
"$PYTHON" "$TESTS/../examples/make-dataset" --out "$SRC/images" --count 800 >/dev/null
serve
as_user "$PYTHON" "$TESTS/../examples/train.py" --epochs 2 --data "$SRC/images" >"$T/want"
in_prefix "$PYTHON" "$TESTS/../examples/train.py" --epochs 2 --data "$P/images" >"$T/got"
expect_same "$T/want" "$T/got"
grep -q '^epoch *2 .*accuracy' "$T/got" || { cat "$T/got"; fail "no accuracy was printed"; }
