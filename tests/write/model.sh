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
# one NAME SEED [OPTION...]: a history in a collection of its own.
one() {
    local name=$1 seed=$2 preload=(--preload "$LIB")
    shift 2
    if plain || on_mount; then preload=(); fi
    # The shim's processes beside those on the mount: what one does, the other sees at once.
    [ -z "${MODEL_BOTH:-}" ] || preload=(--preload "$LIB" --other "/algo/data/set/$name" --processes 4)
    user_dir "$SRC/$name" "$PLAIN/$name"
    fresh_cache
    as_user "$PYTHON" "$TESTS/write/libmodel.py" --prefix "$P/$name" --plain "$PLAIN/$name" --remote "$SRC/$name" \
        --seed "$seed" --ops "$MODEL_OPS" "${preload[@]}" "$@" || fail "the model test, $name"
    drained
    diff -r "$PLAIN/$name" "$SRC/$name" || fail "seed $seed: the server's disk differs in the end"
    in_prefix diff -r "$PLAIN/$name" "$P/$name" || fail "seed $seed: the prefix differs in the end"
    fresh_cache
    in_prefix diff -r "$PLAIN/$name" "$P/$name" || fail "seed $seed: with a new cache the prefix differs"
    rm -rf "${SRC:?}/$name" "${PLAIN:?}/$name"
}
stop=(--stop "$BUILD/bin/algofs")
immediate=(--immediate)
# On a plain folder prefix and remote are one: what is not yet committed would be there already.
! plain || { stop=(); immediate=(); }
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
