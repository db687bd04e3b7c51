#!/bin/bash
# SPDX-License-Identifier: MIT
# tar packs a cold tree whole, and does not find that files change as it reads them.
. "$(dirname "$0")/../lib.sh"
require tar
make_tree 300
serve
for options in "" "--sparse"; do
    note "tar $options"
    fresh_cache
    user_dir "$T/out"
    # shellcheck disable=SC2086
    in_prefix tar -C "$P" $options -cf "$T/out/tree.tar" . 2>"$T/tar.err" || { cat "$T/tar.err"; fail "tar failed"; }
    [ ! -s "$T/tar.err" ] || { cat "$T/tar.err"; fail "tar complained"; }
    mkdir "$T/unpacked"
    tar -C "$T/unpacked" -xf "$T/out/tree.tar"
    check_tree "$T/unpacked"
    rm -r "$T/unpacked" "$T/out"
done
