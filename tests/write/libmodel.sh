# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the model tests share: a random history, and what it must leave, on whatever store $P is.

# one NAME SEED [OPTION...]: a history in a folder of its own, below $P, which is $DISK to the server.
one() {
    local name=$1 seed=$2 preload=(--preload "$LIB")
    shift 2
    if plain || on_mount; then preload=(); fi
    # The shim's processes beside those on the mount: what one does, the other sees at once.
    [ -z "${MODEL_BOTH:-}" ] || preload=(--preload "$LIB" --other "/algo/data/set/$name" --processes 4)
    user_dir "$DISK/$name" "$PLAIN/$name"
    fresh_cache
    as_user "$PYTHON" "$TESTS/write/libmodel.py" --prefix "$P/$name" --plain "$PLAIN/$name" --remote "$DISK/$name" \
        --seed "$seed" --ops "$MODEL_OPS" "${preload[@]}" "$@" || fail "the model test, $name"
    drained
    diff -r "$PLAIN/$name" "$DISK/$name" || fail "seed $seed: the server's disk differs in the end"
    in_prefix diff -r "$PLAIN/$name" "$P/$name" || fail "seed $seed: the prefix differs in the end"
    fresh_cache
    in_prefix diff -r "$PLAIN/$name" "$P/$name" || fail "seed $seed: with a new cache the prefix differs"
    rm -rf "${DISK:?}/$name" "${PLAIN:?}/$name"
}
stop=(--stop "$BUILD/bin/algofs")
immediate=(--immediate)
# On a plain folder prefix and remote are one: what is not yet committed would be there already.
# shellcheck disable=SC2034  # for the tests
! plain || { stop=(); immediate=(); }
