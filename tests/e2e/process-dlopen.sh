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

note "what it needs from beside it, by \$ORIGIN and by the prefix's name; in a name space of its own"
echo 'int below(void); int below(void) { return 40; }' >"$T/below.c"
echo 'int below(void); int above(void); int above(void) { return below() + 2; }' >"$T/above.c"
mkdir "$SRC/deep" "$SRC/far"
gcc -shared -fPIC "$T/below.c" -Wl,-soname,libbelow.so -o "$SRC/deep/libbelow.so"
gcc -shared -fPIC "$T/above.c" -L"$SRC/deep" -lbelow -Wl,-rpath,'$ORIGIN' -o "$SRC/deep/libabove.so"
gcc -shared -fPIC "$T/above.c" -L"$SRC/deep" -lbelow -Wl,-rpath,"$P/deep" -o "$SRC/far/libfar.so"
echo 'int above(void); int printf(const char *, ...); int main(void) { return above() == 42 ? 0 : 1; }' >"$T/main.c"
gcc "$T/main.c" -L"$SRC/deep" -labove -lbelow -Wl,-rpath,'$ORIGIN' -o "$SRC/deep/main"
for place in deep/libabove.so far/libfar.so; do
    fresh_cache
    expect 42 in_prefix "$PYTHON" -c "import ctypes; print(ctypes.CDLL('$P/$place').above())"
done
fresh_cache
expect 42 in_prefix LD_LIBRARY_PATH="$P/deep" "$PYTHON" -c "import ctypes; print(ctypes.CDLL('libabove.so').above())"
fresh_cache
expect 42 in_prefix "$PYTHON" -c "
import ctypes
libc = ctypes.CDLL(None)
libc.dlmopen.restype = ctypes.c_void_p
handle = libc.dlmopen(ctypes.c_long(-1), b'$P/deep/libbelow.so', 2)
libc.dlsym.restype = ctypes.c_void_p
print(ctypes.CFUNCTYPE(ctypes.c_int)(libc.dlsym(ctypes.c_void_p(handle), b'below'))() + 2)"
fresh_cache
in_prefix "$P/deep/main" || fail "a program with libraries beside it ended with $?"
