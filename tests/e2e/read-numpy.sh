#!/bin/bash
# SPDX-License-Identifier: MIT
# numpy.fromfile, numpy.load and numpy.load(mmap_mode='r'), each on a cold cache.
. "$(dirname "$0")/../lib.sh"
"$PYTHON" -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
make_tree 150 --big 50000000
serve
in_prefix "$PYTHON" "$TESTS/lib-read.py" fromfile "$T/sums.json" "$P"

mkdir "$SRC/arrays"
"$PYTHON" - "$SRC/arrays" <<'END'
import sys
import numpy
chance = numpy.random.default_rng(5)
for n in (0, 1, 1000, 2000000):
    numpy.save("%s/floats-%d.npy" % (sys.argv[1], n), chance.random(n))
numpy.savez(sys.argv[1] + "/pair.npz", a=chance.random(1000), b=chance.integers(0, 9, 5000))
END
for mode in None "'r'"; do
    note "numpy.load mmap_mode=$mode"
    fresh_cache
    in_prefix "$PYTHON" - "$SRC/arrays" "$P/arrays" <<END
import glob, os, sys
import numpy
plain, prefix = sys.argv[1:]
paths = sorted(glob.glob(prefix + "/*.np?"))
assert len(paths) == 5, paths
for path in paths:
    want, got = numpy.load(plain + "/" + os.path.basename(path)), numpy.load(path, mmap_mode=$mode)
    for name in want.files if path.endswith(".npz") else [None]:
        w, g = (want[name], got[name]) if name else (want, got)
        if not (w.dtype == g.dtype and numpy.array_equal(w, g)):
            sys.exit("%s %s: differs in %d of %d numbers" % (path, name or "", (w != g).sum(), w.size))
END
done
