#!/bin/bash
# SPDX-License-Identifier: MIT
# numpy saves, memory-maps and loads; h5py writes, appends and reads.
. "$(dirname "$0")/../lib-write.sh"
"$PYTHON" -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
serve_collection
both "$PYTHON" - <<'END'
import numpy as np
from libsay import DIR
a = np.arange(300000, dtype=np.float64).reshape(300, 1000)
np.save(DIR + "/a.npy", a)
print((np.load(DIR + "/a.npy") == a).all())
np.savetxt(DIR + "/a.txt", a[:20, :20])
print(np.loadtxt(DIR + "/a.txt").sum())
a.tofile(DIR + "/a.raw")
print(np.fromfile(DIR + "/a.raw").sum())
m = np.load(DIR + "/a.npy", mmap_mode="r+")
m[17] = -1
m.flush()
del m
print(np.load(DIR + "/a.npy")[17].sum())
m = np.memmap(DIR + "/mapped", dtype=np.int32, mode="w+", shape=(1000, 100))
m[:] = np.arange(100000).reshape(1000, 100)
m.flush()
m[5] = 0
del m
print(np.memmap(DIR + "/mapped", dtype=np.int32, mode="r").sum())
END
must_work
drained
same_at_server
note "npz, which has the time in it"
in_prefix DIR="$C" "$PYTHON" -c '
import numpy as np
from libsay import DIR
np.savez(DIR + "/two.npz", x=np.arange(1000), y=np.ones(5))
np.savez_compressed(DIR + "/packed.npz", x=np.arange(100000))
with np.load(DIR + "/two.npz") as two: assert two["x"].sum() == 499500 and two["y"].sum() == 5'
"$PYTHON" -c '
import numpy as np, sys
with np.load(sys.argv[1] + "/two.npz") as two: assert two["x"].sum() == 499500 and two["y"].sum() == 5
with np.load(sys.argv[1] + "/packed.npz") as one: assert one["x"].sum() == 4999950000' "$REMOTE" || fail "the server's npz"
if "$PYTHON" -c 'import h5py' 2>/dev/null; then
    note h5py
    in_prefix DIR="$C" "$PYTHON" - <<'END'
import h5py, numpy as np
from libsay import DIR
with h5py.File(DIR + "/h.h5", "w") as h:
    h["x"] = np.arange(200000)
    h.create_dataset("c", data=np.arange(10000).reshape(100, 100), chunks=(10, 100), compression="gzip", maxshape=(None, 100))
    h.attrs["name"] = "made in the prefix"
with h5py.File(DIR + "/h.h5", "a") as h:
    h["x"][100:200] = 0
    h["c"].resize(200, axis=0)
    h["c"][100:] = 7
    h.create_group("g")["y"] = [1, 2, 3]
    h.flush()
    h["g/z"] = "after flush"
with h5py.File(DIR + "/h.h5", "r") as h:
    assert h["c"].shape == (200, 100) and h["c"][150, 3] == 7
END
    "$PYTHON" - "$REMOTE" <<'END' || fail "the server's HDF5 file"
import h5py, sys
with h5py.File(sys.argv[1] + "/h.h5", "r") as h:
    assert h["x"][:].sum() == sum(range(200000)) - sum(range(100, 200))
    assert h["c"].shape == (200, 100) and h["c"][150, 3] == 7 and h["c"][5, 5] == 505
    assert list(h["g/y"][:]) == [1, 2, 3] and h["g/z"][()] == b"after flush" and h.attrs["name"] == "made in the prefix"
END
fi
nothing_pending
