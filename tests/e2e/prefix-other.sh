#!/bin/bash
# SPDX-License-Identifier: MIT
# ALGOFS_PREFIX moves the prefix: another place, a deep one, one below a folder that exists.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir "$SRC/dir"
echo hello >"$SRC/dir/file"
serve
user_dir "$T/place"
echo real >"$T/place/real"
for prefix in /mnt/x/y "$T/place/remote" /Z; do
    export ALGOFS_PREFIX=$prefix
    expect hello in_prefix cat "$prefix/data/set/dir/file"
    expect "$prefix/data/set/dir" in_prefix bash -euc 'cd "$0/data/set/dir"; /bin/pwd' "$prefix"
    expect_failure 'No such file' in_prefix ls /algo
done
export ALGOFS_PREFIX=$T/place/remote
expect real in_prefix cat "$T/place/remote/../real"
expect real in_prefix bash -euc 'cd "$0/data/set"; cat ../../../real' "$ALGOFS_PREFIX"

note "a prefix that cannot be one: everything is as without the shim"
echo plain >"$T/plain"
for prefix in x / ../x; do
    expect plain as_user env ALGOFS_PREFIX=$prefix LD_PRELOAD="$LIB" /usr/bin/env cat "$T/plain"
    expect plain as_user env -C "$T" ALGOFS_PREFIX=$prefix LD_PRELOAD="$LIB" /usr/bin/env cat ./plain
done
