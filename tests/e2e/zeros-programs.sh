#!/bin/bash
# SPDX-License-Identifier: MIT
# Real programs, and a program and a library as large objects themselves: their bytes, never zeros.
. "$(dirname "$0")/../lib.sh"
. "$TESTS/e2e/lib-zeros.sh"
require gzip gcc
make_object
gzip -c "$T/object" >"$T/object.gz"
sum=$(sha256sum <"$T/object")
user_dir "$T/out"

# A program and a library that carry the object and write it out.
cat >"$T/carry.c" <<'EOF'
#include <unistd.h>
__asm__(".section .rodata\n.globl first\n.globl last\nfirst: .incbin \"" OBJECT "\"\nlast: .byte 0\n.previous");
extern const char first[], last[];
int carry(void);
int carry(void)
{
    for (const char *p = first; p < last;) {
        long n = write(1, p, (unsigned long)(last - p));
        if (n < 0)
            return 1;
        p += n;
    }
    return 0;
}
#ifdef PROGRAM
int main(void) { return carry(); }
#endif
EOF
gcc -DOBJECT="\"$T/object\"" -DPROGRAM "$T/carry.c" -o "$T/carry"
gcc -DOBJECT="\"$T/object\"" -shared -fPIC "$T/carry.c" -o "$T/carry.so"
cat >"$T/loads.py" <<'EOF'
import ctypes, sys
sys.exit(ctypes.CDLL(sys.argv[1]).carry())
EOF
cat >"$T/by-descriptor.py" <<'EOF'
import os, sys
how, path = sys.argv[1:]
fd = os.open(path, os.O_RDONLY)
if how == "fexecve":
    os.execve(fd, ["carry"], os.environ)
if how == "proc-exec":
    os.execv("/proc/self/fd/%d" % fd, ["carry"])
if how == "proc-dlopen":
    import ctypes
    sys.exit(ctypes.CDLL("/proc/self/fd/%d" % fd).carry())
if how == "static-stdin":
    os.dup2(fd, 0)
    os.execve("/bin/cat", ["cat"], {"ALGOFS_INHERIT": "0"})
if how == "sendfile":
    while os.sendfile(1, fd, None, 1 << 24):
        pass
if how == "readinto":
    buffer = bytearray(os.fstat(fd).st_size)
    assert os.fdopen(fd, "rb", buffering=0).readinto(buffer) == len(buffer)
    os.write(1, buffer) and sys.stdout.flush()
if how == "mmap":
    import mmap
    sys.stdout.buffer.write(mmap.mmap(fd, 0, access=mmap.ACCESS_READ)[:])
EOF
# shellcheck disable=SC2016  # the scripts see $1, the object
ways=(
    'cat "$1"' 'cat <"$1"' 'dd if="$1" bs=1M status=none' 'tail -c +1 "$1"' 'TMPDIR=$OUT tac "$1" | TMPDIR=$OUT tac' 'sed "" "$1"'
    '{ for i in 1 2 3; do IFS= read -r line; echo "$line"; done; cat; } <"$1"'
    'cp "$1" "$OUT/copy" && cat "$OUT/copy"' 'cp --sparse=always "$1" "$OUT/sparse" && cat "$OUT/sparse"'
    'cp --reflink=auto "$1" "$OUT/reflink" && cat "$OUT/reflink"' 'tar -cSf - -C "${1%/*}" "${1##*/}" | tar -xOf -'
    'exec 5<"$1"; env -i /bin/cat <&5' 'exec 5<"$1"; head -c 7 <&5; cat <&5' 'base64 -w0 "$1" | base64 -d' 'grep "" "$1"'
    '{ sleep 0; cat; } <"$1"' 'cat /dev/stdin <"$1"' 'cat /proc/self/fd/5 5<"$1"' '"$PY" "$T/by-descriptor.py" sendfile "$1"'
    '"$PY" "$T/by-descriptor.py" readinto "$1"' '"$PY" "$T/by-descriptor.py" mmap "$1"'
    '"$PY" "$T/by-descriptor.py" static-stdin "$1"' '"$PY" -c "import shutil, sys; shutil.copyfile(*sys.argv[1:])" "$1" "$OUT/py" && cat "$OUT/py"'
)
# shellcheck disable=SC2016
gz_ways=('gzip -dc "$1"' 'gzip -dc <"$1"' 'zcat "$1"' '"$PY" -c "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())" "$1"')
# shellcheck disable=SC2016
program_ways=('"$1"' 'env -i "$1"' '"$PY" "$T/by-descriptor.py" fexecve "$1"' '"$PY" "$T/by-descriptor.py" proc-exec "$1"'
    '"$PY" -c "import subprocess, sys; subprocess.run(sys.argv[1:], check=True)" "$1"')
# shellcheck disable=SC2016
library_ways=('"$PY" "$T/loads.py" "$1"' '"$PY" "$T/by-descriptor.py" proc-dlopen "$1"')

for i in "${!ways[@]}"; do ln "$T/object" "$SRC/object$i"; done
for i in "${!gz_ways[@]}"; do ln "$T/object.gz" "$SRC/gz$i"; done
for i in "${!program_ways[@]}"; do ln "$T/carry" "$SRC/program$i"; done
for i in "${!library_ways[@]}"; do ln "$T/carry.so" "$SRC/library$i"; done
serve
export T OUT=$T/out PY=$PYTHON
wrong=0
try() { # SCRIPT OBJECT
    local got
    got=$(in_prefix bash -c "$1" bash "$P/$2" 2>"$T/err" | sha256sum) || true
    if [ "$got" != "$sum" ]; then
        echo "wrong bytes by: $1: $(head -c 300 "$T/err")"
        wrong=1
    fi
    plain || rm -f "$ALGOFS_CACHE"/*/tree/data/set/"$2"
}
for i in "${!ways[@]}"; do try "${ways[i]}" "object$i"; done
for i in "${!gz_ways[@]}"; do try "${gz_ways[i]}" "gz$i"; done
for i in "${!program_ways[@]}"; do try "${program_ways[i]}" "program$i"; done
for i in "${!library_ways[@]}"; do try "${library_ways[i]}" "library$i"; done
[ "$wrong" = 0 ] || fail "not the object's bytes"
