#!/bin/bash
# SPDX-License-Identifier: MIT
# sed -i, perl -i, sort -o, truncate, dd, cp, mv, install, ln, split, patch: small tools that change files.
. "$(dirname "$0")/../lib-write.sh"
serve_collection
# shellcheck disable=SC2016
both bash -eu <<'END'
cd "$DIR"
seq 2000 >numbers
sed -i s/7/seven/g numbers
sed -i.bak -e 5d -e '$a last' numbers
if command -v perl >/dev/null; then perl -pi -e 's/8/eight/' numbers; fi
sort -r -o numbers numbers
cp numbers copy
cp copy copy2 && cp -f copy2 copy
mkdir d && mv copy2 d/
mv d e
cp -r e f
install -D -m 644 numbers g/h/installed
dd if=numbers of=dd bs=100 count=7 seek=2 status=none
dd if=numbers of=dd bs=10 count=1 seek=1 conv=notrunc status=none
truncate -s 77 dd
truncate -s +10 dd
split -l 500 numbers part-
cat part-* | cmp - numbers
head -c 100000 /dev/zero >zeros
shred -u -n 1 zeros 2>/dev/null || rm -f zeros
touch touched
ln copy link 2>/dev/null && rm link
ln -s copy symlink 2>/dev/null && rm symlink
tee -a touched <numbers >/dev/null
mkdir -p a/b/c && rmdir -p a/b/c
rm -r e
mktemp "$DIR/tmpXXXXXX" >/dev/null
for f in tmp??????; do mv "$f" was-temporary; done
find . -name 'part-*' -delete
comm -12 <(sort numbers) <(sort copy) | wc -l
if command -v patch >/dev/null; then
    printf -- '--- a\n+++ b\n@@ -1 +1 @@\n-one\n+two\n' >p; echo one >patched; patch -s patched p
fi
ls | sort
END
must_work
nothing_pending
read_back
