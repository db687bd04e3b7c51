#!/bin/bash
# SPDX-License-Identifier: MIT
# Random paths mean in the prefix what they mean to the kernel on a plain folder: with "..", links from outside
# into the prefix, working directories, directory descriptors, /proc/self/fd. PATHS: how many (1500); SEED.
. "$(dirname "$0")/../lib.sh"
not_plain
need_helper path-random
COUNT=${PATHS:-1500}
SEED=${SEED:-$(date +%s)}
note "SEED=$SEED"

# make_out TOP: the folder of links.
make_out() {
    user_dir "$1" "$1/out" "$1/out/sub" "$1/out/sub/deep"
    echo "outside" >"$1/out/file"
    ln -s "$1/algo/data/set/c" "$1/out/abs"
    ln -s "$1/algo" "$1/out/whole"
    ln -s abs/d "$1/out/chain"
    ln -s ../algo/data/set/c/d/e "$1/out/rel"
    ln -s "$1/algo/data/set/c/f" "$1/out/tofile"
    ln -s "$1/algo/data/set/c/missing" "$1/out/new"
    ln -s loop "$1/out/loop"
    ln -s . "$1/out/self"
    ln -s ../abs "$1/out/sub/up"
    ln -s "$1/algo/data/set/c/d/" "$1/out/slash"
    ln -s "$1/out/../algo/data/set/./c/d/../d" "$1/out/dots"
    ln -s "$1/algo/data/.my/c" "$1/out/my"
}
mkdir -p "$SRC/c/d/e"
for name in f d/g d/e/f; do echo "$name" >"$SRC/c/$name"; done
WANT=$T/one/kernel
GOT=$T/two/prefix
for top in "$WANT" "$GOT"; do make_out "$top"; done
mkdir -p "$WANT/algo/data/set"
cp -r "$SRC/c" "$WANT/algo/data/set/c"
ln -s set "$WANT/algo/data/.my"
start_server
export ALGOFS_PREFIX=$GOT/algo
use_prefix
in_prefix ls "$GOT/algo/data/set" >/dev/null
as_user "$HELPERS/path-random" "$WANT" "$SEED" "$COUNT" >"$T/want"
in_prefix "$HELPERS/path-random" "$GOT" "$SEED" "$COUNT" >"$T/got"
found=$(grep -c 'stat=algo' "$T/want")
[ "$found" -gt $((COUNT / 6)) ] || fail "only $found of $COUNT paths led into the prefix: the test is too weak"
diff "$T/want" "$T/got" >"$T/difference" || { head -40 "$T/difference"; fail "SEED=$SEED PATHS=$COUNT"; }
