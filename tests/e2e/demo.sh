#!/bin/bash
# SPDX-License-Identifier: MIT
# make demo's script says that the two runs printed the same, and leaves nothing behind.
. "$(dirname "$0")/../lib.sh"
not_plain
[ -e "$LIB" ] || fail "libalgofs.so is not built: run make"
[ -x "$BUILD/bin/algofs-server" ] || fail "algofs-server is not built: run make"
"$PYTHON" -c 'import numpy' 2>/dev/null || skip "python3-numpy is not installed"
EPOCHS=1 "$TESTS/../examples/demo" >"$T/said" 2>&1 || { cat "$T/said"; fail "the demo failed"; }
expect "demo: the two runs printed the same" tail -n 1 "$T/said"
folder=$(sed -n 's|.*--data \(/tmp/algofs-demo[^/]*\)/.*|\1|p' "$T/said" | head -n 1)
grep -q 'going on after epoch 1' "$T/said" || { cat "$T/said"; fail "no run went on from a checkpoint"; }
[ -n "$folder" ] || { cat "$T/said"; fail "the folder is not shown"; }
[ ! -e "$folder" ] || fail "$folder is left behind"
if grep -lF "$folder" /proc/[0-9]*/cmdline 2>/dev/null; then fail "a process is left behind"; fi
