#!/bin/bash
# SPDX-License-Identifier: MIT
# kill -9 of the agent, of a writer, of both: what was acknowledged is on the server, nothing is half there.
#
#     KILLS=200 SEED=3 tests/run -t 3600 crash       the long form
. "$(dirname "$0")/../lib-write.sh"
KILLS=${KILLS:-20}
preload=(--preload "$LIB")
! plain || preload=()
crash() { # NAME SEED
    user_dir "$SRC/$1"
    note "$1, $((KILLS / 2)) kills"
    as_user "$PYTHON" "$TESTS/write/libcrash.py" --prefix "$P/$1" --remote "$SRC/$1" --cache "${ALGOFS_CACHE:-none}" \
        --algofs "$BUILD/bin/algofs" "${preload[@]}" --seed "$2" --kills $((KILLS / 2)) || fail "the crash test, $1"
}
serve --delay 2 --bandwidth 30000000
for seed in ${SEEDS:-${SEED:-1}}; do
    crash "sync-$seed" "$seed"
    fresh_cache
    ALGOFS_WRITEBACK=async crash "async-$seed" "$((seed + 1000))"
    fresh_cache
done
