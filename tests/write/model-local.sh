#!/bin/bash
# SPDX-License-Identifier: MIT
# The model test over a directory as a remote: the same histories, and the directory is what the plain folder is.
. "$(dirname "$0")/../lib-local.sh"
MODEL_OPS=${MODEL_OPS:-800}
user_dir "$PLAIN"
serve_local
DISK=$ARCHIVE
. "$TESTS/write/libmodel.sh"
for seed in ${SEEDS:-${SEED:-4}}; do
    note "seed $seed: close waits for the remote, listings for ever"
    one "sync-$seed" "$seed" "${immediate[@]}"
    note "seed $seed: listings asked every time, the agent stopped now and then"
    ALGOFS_TTL=0 one "fresh-$seed" "$((seed + 1000))" "${immediate[@]}" "${stop[@]}"
    note "seed $seed: close waits for the journal"
    ALGOFS_TTL=0.2 ALGOFS_WRITEBACK=async one "async-$seed" "$((seed + 2000))" "${stop[@]}"
done
