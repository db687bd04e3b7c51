#!/bin/bash
# SPDX-License-Identifier: MIT
# Random histories of two processes on the prefix and on a plain folder: the same after every step, and
# in the end on the server's disk, and by a new cache.
#
#     SEED=7 MODEL_OPS=10000 tests/run model      one seed, the long form (SEEDS="1 2 3" for several)
. "$(dirname "$0")/../lib-write.sh"
MODEL_OPS=${MODEL_OPS:-800}
user_dir "$REMOTE" "$PLAIN"
serve
DISK=$SRC
. "$TESTS/write/libmodel.sh"
for seed in ${SEEDS:-${SEED:-1 2 3}}; do
    note "seed $seed: close waits for the remote, listings for ever"
    one "sync-$seed" "$seed" "${immediate[@]}"
    note "seed $seed: listings asked every time, the agent stopped now and then"
    ALGOFS_TTL=0 one "fresh-$seed" "$((seed + 1000))" "${immediate[@]}" "${stop[@]}"
    note "seed $seed: close waits for the journal"
    ALGOFS_TTL=0.2 ALGOFS_WRITEBACK=async one "async-$seed" "$((seed + 2000))" "${stop[@]}"
    note "seed $seed: one process, fsync local"
    ALGOFS_FSYNC=local one "local-$seed" "$((seed + 3000))" --processes 1
done
