#!/bin/bash
# SPDX-License-Identifier: MIT
# make builds a small C project with gcc in the prefix; a second make does nothing, a changed header rebuilds.
. "$(dirname "$0")/../lib-write.sh"
require make gcc ar
serve_collection
in_prefix bash -euc 'cd "$0"; mkdir project; cd project
mkdir lib
for i in 1 2 3 4 5; do echo "#include \"../all.h\"
int f$i(void) { return SCALE * $i; }" >lib/f$i.c; done
echo "#define SCALE 2
int f1(void); int f2(void); int f3(void); int f4(void); int f5(void);" >all.h
echo "#include <stdio.h>
#include \"all.h\"
int main(void) { printf(\"%d\n\", f1() + f2() + f3() + f4() + f5()); return 0; }" >main.c
cat >Makefile <<END
OBJ := \$(patsubst %.c,%.o,\$(wildcard lib/*.c))
program: main.o libf.a
	gcc \$^ -o \$@
libf.a: \$(OBJ)
	rm -f \$@
	ar rcs \$@ \$^
%.o: %.c all.h
	gcc -Wall -Werror -g -c \$< -o \$@
clean:
	rm -f program libf.a *.o lib/*.o
END' "$C" || fail "writing the sources"
in_prefix make -s -j4 -C "$C/project" || fail "make"
expect 30 in_prefix env "$C/project/program"
in_prefix make -q -C "$C/project" || fail "a second make has something to do"
in_prefix sh -c 'sleep 1; echo "#define SCALE 3
int f1(void); int f2(void); int f3(void); int f4(void); int f5(void);" >"$0/all.h"' "$C/project"
if in_prefix make -q -C "$C/project"; then fail "the changed header is not noticed"; fi
in_prefix make -s -C "$C/project" || fail "make after a change"
expect 45 in_prefix env "$C/project/program"
nothing_pending
cp "$REMOTE/project/program" "$T/program"
chmod 755 "$T/program"
expect 45 "$T/program"
in_prefix make -s -C "$C/project" clean
expect_equal "files at the server" "Makefile all.h lib main.c" "$(echo $(ls "$REMOTE/project"))"
expect_equal "objects at the server" "" "$(find "$REMOTE" -name '*.o' -o -name '*.a')"
