#!/bin/bash
# SPDX-License-Identifier: MIT
# A PyTorch-style loader: 4 forked workers, 3 shuffled epochs, every sample right; cold, then warm.
. "$(dirname "$0")/../lib.sh"
"$PYTHON" "$TESTS/../examples/make-dataset" --out "$SRC/images" --count 1200 --seed 3 >/dev/null
(cd "$SRC/images" && find . -type f -print0 | xargs -0 sha256sum) >"$T/sums"
serve
for pass in cold warm; do
    note "$pass"
    in_prefix "$PYTHON" "$TESTS/../examples/loader.py" "$P/images" "$T/sums" --workers 4 --epochs 3 >"$T/said" ||
        { tail "$T/said"; fail "the loader found wrong samples"; }
    grep -q '^epoch 3: 1201 samples right' "$T/said" || { cat "$T/said"; fail "the loader said something else"; }
done
note "and it does see a wrong sample"
sed -i '5s/^......../00000000/' "$T/sums"
if in_prefix "$PYTHON" "$TESTS/../examples/loader.py" "$P/images" "$T/sums" --epochs 1 >/dev/null 2>&1; then
    fail "a wrong sum went unnoticed"
fi
