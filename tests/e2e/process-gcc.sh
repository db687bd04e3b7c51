#!/bin/bash
# SPDX-License-Identifier: MIT
# gcc compiles a program in the prefix, with headers and a library in the prefix, to outside of it.
. "$(dirname "$0")/../lib.sh"
require gcc
mkdir -p "$SRC/include/shapes" "$SRC/src" "$SRC/lib"
echo '#include "shapes/deep.h"' >"$SRC/include/shapes.h"
echo '#define SIDES 4' >"$SRC/include/shapes/deep.h"
echo 'int twice(int n); int twice(int n) { return 2 * n; }' >"$SRC/src/twice.c"
gcc -c "$SRC/src/twice.c" -o "$T/twice.o"
ar rcs "$SRC/lib/libtwice.a" "$T/twice.o"
cat >"$SRC/src/main.c" <<'END'
#include <stdio.h>
#include <shapes.h>
#include "local.h"
int main(void) { printf("%d %d\n", twice(SIDES), LOCAL); return 0; }
END
printf 'int twice(int n);\n#define LOCAL 9\n' >"$SRC/src/local.h"
serve
user_dir "$T/out"
in_prefix gcc -Wall -Werror -g -I"$P/include" "$P/src/main.c" -L"$P/lib" -ltwice -o "$T/out/program"
expect "8 9" "$T/out/program"
in_prefix gcc -M -I"$P/include" "$P/src/main.c" >"$T/dependencies"
grep -q "$P/include/shapes/deep.h" "$T/dependencies" || { cat "$T/dependencies"; fail "the header's name"; }
if [ -n "${ALGOFS_CACHE:-}" ] && grep -aqF "$ALGOFS_CACHE" "$T/out/program"; then fail "the program names the cache"; fi
in_prefix env -C "$P/src" gcc -I../include -c main.c -o "$T/out/main.o"
