#!/bin/bash
# SPDX-License-Identifier: MIT
# A statically linked program does not see the prefix: the documented limit of LD_PRELOAD.
. "$(dirname "$0")/../lib.sh"
not_plain
require gcc
echo hello >"$SRC/file"
cat >"$T/look.c" <<'END'
#include <stdio.h>
int main(int argc, char **argv)
{
        FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;

        puts(f ? "seen" : "not seen");
        return 0;
}
END
gcc -static "$T/look.c" -o "$T/look" 2>/dev/null || skip "nothing can be linked statically here"
gcc "$T/look.c" -o "$T/look-dynamic"
serve
expect "seen" in_prefix "$T/look-dynamic" "$P/file"
expect "not seen" in_prefix "$T/look" "$P/file"
expect "not seen" algofs_run -- "$T/look" "$P/file"
