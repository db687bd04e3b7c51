#!/bin/bash
# SPDX-License-Identifier: MIT
# examples/train.py prints the same from the prefix as from the plain folder, and goes on from a checkpoint there.
. "$(dirname "$0")/../lib-write.sh"
"$PYTHON" -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
"$PYTHON" "$TESTS/../examples/make-dataset" --out "$SRC/images" --count 800 >/dev/null
serve_collection
as_user "$PYTHON" "$TESTS/../examples/train.py" --epochs 2 --data "$SRC/images" >"$T/want"
in_prefix "$PYTHON" "$TESTS/../examples/train.py" --epochs 2 --data "$P/images" >"$T/got"
expect_same "$T/want" "$T/got"
grep -q '^epoch *2 .*accuracy' "$T/got" || { cat "$T/got"; fail "no accuracy was printed"; }
note "with checkpoints: 1 epoch, then up to 3"
for epochs in 1 3; do
    as_user "$PYTHON" "$TESTS/../examples/train.py" --epochs "$epochs" --data "$SRC/images" --checkpoint "$PLAIN/c.npz" >"$T/want"
    in_prefix "$PYTHON" "$TESTS/../examples/train.py" --epochs "$epochs" --data "$P/images" --checkpoint "$C/c.npz" >"$T/got"
    expect_same "$T/want" "$T/got"
    [ -s "$REMOTE/c.npz" ] || fail "the server has no checkpoint"
    not_at_server c.npz.tmp
    [ "$epochs" = 1 ] || fresh_cache
done
grep -q 'going on after epoch 1' "$T/got" || { cat "$T/got"; fail "it did not go on"; }
note "what all at once prints, and a third time by a new cache"
as_user "$PYTHON" "$TESTS/../examples/train.py" --epochs 3 --data "$SRC/images" | tail -n 2 >"$T/want"
tail -n 2 "$T/got" >"$T/last"
expect_same "$T/want" "$T/last"
in_prefix "$PYTHON" "$TESTS/../examples/train.py" --epochs 3 --data "$P/images" --checkpoint "$C/c.npz" >"$T/got"
expect "going on after epoch 3" tail -n 1 "$T/got"
