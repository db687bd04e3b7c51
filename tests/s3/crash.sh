#!/bin/bash
# SPDX-License-Identifier: MIT
# The crash test over S3: kill -9 of the agent, of a writer, of both; what was acknowledged is in the bucket (seen
# by rclone), nothing is half there, and no upload is left.
#
#     KILLS=100 SEED=3 tests/run -t 7200 s3/crash
. "$(dirname "$0")/lib-e2e.sh"
KILLS=${KILLS:-4}
serve_s3
crash() { # NAME SEED
    note "$1, $((KILLS / 2)) kills"
    user_dir "$MIRROR/$1"
    as_user "$PYTHON" "$TESTS/write/libcrash.py" --prefix "$P/$1" --remote "$MIRROR/$1" --mirror "$T/mirror.sh" \
        --cache "$ALGOFS_CACHE" --algofs "$BUILD/bin/algofs" --preload "$LIB" --seed "$2" --kills $((KILLS / 2)) ||
        fail "the crash test, $1"
}
for seed in ${SEEDS:-${SEED:-3}}; do
    crash "sync-$seed" "$seed"
    fresh_cache
    ALGOFS_WRITEBACK=async crash "async-$seed" "$((seed + 1000))"
    fresh_cache
done
expect_equal "uploads left" "" "$(uploads_left)"
