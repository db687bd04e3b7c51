#!/bin/bash
# SPDX-License-Identifier: MIT
# The model test over S3: random histories on the prefix and on a plain folder, the same after every step; in
# the end the bucket (seen by rclone) and a new cache have what the plain folder has.
#
#     SEED=7 MODEL_OPS=5000 tests/run -t 7200 s3/model
. "$(dirname "$0")/lib-e2e.sh"
MODEL_OPS=${MODEL_OPS:-150}
serve_s3
one() { # NAME SEED [OPTION...]
    local name=$1 seed=$2
    shift 2
    user_dir "$PLAIN/$name"
    in_prefix mkdir "$P/$name"
    as_user "$PYTHON" "$TESTS/write/libmodel.py" --prefix "$P/$name" --plain "$PLAIN/$name" --remote "$MIRROR/$name" \
        --seed "$seed" --ops "$MODEL_OPS" --preload "$LIB" "$@" || fail "the model test, $name"
    DRAIN_TRIES=2400 drained
    pull "$name"
    diff -r "$PLAIN/$name" "$MIRROR/$name" || fail "seed $seed: the bucket differs in the end"
    fresh_cache
    in_prefix diff -r "$PLAIN/$name" "$P/$name" || fail "seed $seed: with a new cache the prefix differs"
}
touch_prefix() { in_prefix stat "$P" >/dev/null; }
for seed in ${SEEDS:-${SEED:-5}}; do
    note "seed $seed: close waits for the store"
    one "sync-$seed" "$seed"
    note "seed $seed: listings asked every time, the agent stopped now and then, close waits for the journal"
    ALGOFS_TTL=0 ALGOFS_WRITEBACK=async one "async-$seed" "$((seed + 1000))" --stop "$BUILD/bin/algofs"
done
