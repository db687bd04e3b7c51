#!/bin/bash
# SPDX-License-Identifier: MIT
# Shim and mount at once on the same files, 4 processes a side: what one closes the other reads at once, locks
# exclude each other, and the server has in the end what was written.
#
#     BOTH_SECONDS=60 tests/run mount/both       the long form (BOTH_OPS=N: rounds of each process)
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
serve_collection
user_dir "$T/truth"
much=(--ops "${BOTH_OPS:-12}")
[ -z "${BOTH_SECONDS:-}" ] || much=(--seconds "$BOTH_SECONDS")
note "at once"
as_user "$PYTHON" "$TESTS/mount/libboth.py" --shim /algo/data/set/c --mount "$C" --truth "$T/truth" --preload "$LIB" \
    --seed "${SEED:-1}" "${much[@]}" || fail "shim and mount together"
drained
for file in a b c d e/f e/g; do
    truth=$T/truth/${file//\//-}
    if [ -e "$truth" ]; then
        cmp "$truth" "$REMOTE/$file"
    else
        not_at_server "$file"
    fi
done
