#!/bin/bash
# SPDX-License-Identifier: MIT
# The crash test over a directory as a remote, whose renames are one step: kill -9 of the agent, of a writer, of
# both; what was acknowledged is in the directory, nothing is half there, and no upload leaves a file.
. "$(dirname "$0")/../lib-local.sh"
KILLS=${KILLS:-20}
preload=(--preload "$LIB")
! plain || preload=()
crash() { # NAME SEED
    user_dir "$ARCHIVE/$1"
    note "$1, $((KILLS / 2)) kills"
    as_user "$PYTHON" "$TESTS/write/libcrash.py" --prefix "$P/$1" --remote "$ARCHIVE/$1" --cache "${ALGOFS_CACHE:-none}" \
        --algofs "$BUILD/bin/algofs" "${preload[@]}" --ignore .algofs-upload. --seed "$2" --kills $((KILLS / 2)) || fail "the crash test, $1"
    in_prefix find "$P/$1" >/dev/null # a listing removes what a killed upload has left
    expect "" find "$ARCHIVE" -name '.algofs-*'
}
serve_local
for seed in ${SEEDS:-${SEED:-2}}; do
    crash "sync-$seed" "$seed"
    fresh_cache
    ALGOFS_WRITEBACK=async crash "async-$seed" "$((seed + 1000))"
    fresh_cache
done
