#!/bin/bash
# SPDX-License-Identifier: MIT
# A shared library in the prefix, never read before, is loaded by dlopen and by Python.
. "$(dirname "$0")/../lib.sh"
require gcc
mkdir "$SRC/lib"
echo 'int answer(void); int answer(void) { return 42; }' >"$T/answer.c"
gcc -shared -fPIC "$T/answer.c" -o "$SRC/lib/libanswer.so"
serve
expect 42 in_prefix "$PYTHON" -c "import ctypes; print(ctypes.CDLL('$P/lib/libanswer.so').answer())"
expect 42 in_prefix env -C "$P/lib" "$PYTHON" -c "import ctypes; print(ctypes.CDLL('./libanswer.so').answer())"
expect_failure 'cannot open shared object file' in_prefix "$PYTHON" -c "import ctypes; ctypes.CDLL('$P/lib/none.so')"
