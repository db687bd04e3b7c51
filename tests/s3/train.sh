#!/bin/bash
# SPDX-License-Identifier: MIT
# The same training on an Algorithmia server, on S3 and on a directory, all under one prefix in one run, prints the same.
. "$(dirname "$0")/lib-e2e.sh"
"$PYTHON" -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
"$PYTHON" "$TESTS/../examples/make-dataset" --out "$SRC/images" --count 120 >/dev/null
serve_s3
start_server
cat >>"$T/config" <<C
[data]
type = algorithmia
api = $URL
api_key = $KEY
[archive]
type = local
root = $SRC
C
rc copy "$SRC/images" "store:$S3_BUCKET/images" --transfers 8 --no-traverse --no-check-dest --retries 20 || fail "rclone copy"
as_user "$PYTHON" "$TESTS/../examples/train.py" --epochs 2 --data "$SRC/images" >"$T/want"
grep -q '^epoch *2 .*accuracy' "$T/want" || { cat "$T/want"; fail "no accuracy was printed"; }
# One shell, one agent, three stores.
# shellcheck disable=SC2016  # for the inner shell
in_prefix bash -euc 'for place in /algo/data/set /algo/store /algo/archive; do "$@" --data "$place/images" >"$HOME/${place##*/}"; done' \
    bash "$PYTHON" "$TESTS/../examples/train.py" --epochs 2
for name in set store archive; do expect_same "$T/want" "$HOME/$name"; done
expect "archive
data
store" in_prefix ls /algo
