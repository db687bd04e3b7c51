#!/bin/bash
# SPDX-License-Identifier: MIT
# A server without ranges: large files from the start, from the middle, and by many readers at once.
. "$(dirname "$0")/../lib.sh"
need_helper preads
"$PYTHON" -c 'import random, sys; sys.stdout.buffer.write(random.Random(2).randbytes(60000000).replace(b"\0", b"\1"))' >"$SRC/large"
echo small >"$SRC/small"
serve --no-range
in_prefix cmp "$P/large" "$SRC/large"
expect small in_prefix cat "$P/small"

note "random offsets, cold"
fresh_cache
in_prefix "$HELPERS/preads" "$P/large" "$SRC/large" 4 20 1

note "four readers at once, cold, slowly"
start_server --no-range --bandwidth 30000000
use_prefix
# shellcheck disable=SC2016
in_prefix bash -euc 'for i in 1 2 3 4; do cmp "$0/large" "$1/large" & pids="${pids:-} $!"; done; for pid in $pids; do wait $pid; done' "$P" "$SRC"
