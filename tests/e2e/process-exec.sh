#!/bin/bash
# SPDX-License-Identifier: MIT
# Scripts and programs in the prefix run: by the shell, by their path, by PATH, and without the environment.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir "$SRC/bin"
printf '#!/bin/sh\necho "script $0 $*"\n' >"$SRC/bin/script"
printf '#!/usr/bin/env -S bash -eu\necho "line $BASH_VERSINFO" >/dev/null; echo env script\n' >"$SRC/bin/env-script"
cp /usr/bin/printf "$SRC/bin/program"
chmod +x "$SRC/bin/"*
serve
expect "script $P/bin/script a b" in_prefix bash "$P/bin/script" a b
expect "script $P/bin/script a b" in_prefix bash -c '"$0" a b' "$P/bin/script"
expect "script ./script x" in_prefix bash -euc 'cd "$0/bin"; ./script x' "$P"
expect "env script" in_prefix bash -c '"$0"' "$P/bin/env-script"
expect "7 seven" in_prefix bash -c '"$0" "%d %s" 7 seven' "$P/bin/program"
expect "7 seven" in_prefix bash -c 'PATH=$0/bin:$PATH; program "%d %s" 7 seven' "$P"
expect "7 seven" in_prefix bash -c 'env -i "$0" "%d %s" 7 seven' "$P/bin/program"
expect "7 seven" in_prefix "$PYTHON" -c 'import subprocess, sys
subprocess.run([sys.argv[1], "%d %s", "7", "seven"], check=True)' "$P/bin/program"
expect_failure "No such file" in_prefix bash -c '"$0"' "$P/bin/none"
