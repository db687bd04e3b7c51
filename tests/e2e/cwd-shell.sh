#!/bin/bash
# SPDX-License-Identifier: MIT
# cd into the prefix, then pwd in all its forms, relative paths, and .. out of the prefix.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$SRC/one/two words"
echo inside >"$SRC/one/two words/file"
echo beside >"$SRC/one/beside"
serve
here="$P/one/two words"
for shell in bash dash; do
    command -v "$shell" >/dev/null || continue
    # shellcheck disable=SC2016
    at() { in_prefix "$shell" -euc 'cd "$0" && eval "$1"' "$here" "$1"; }
    expect "$here" at pwd
    expect "$here" at 'pwd -P'
    expect "$here" at /bin/pwd
    expect "$here" at '/bin/pwd -P'
    expect "$here" at 'readlink /proc/self/cwd'
    expect "$here" at 'realpath .'
    expect "$P/one" at 'realpath ..'
    expect "$P/one/beside" at 'realpath ../beside'
    expect "$P/one/beside" at 'readlink -f ../beside'
    expect inside at 'cat file'
    expect inside at 'cat ./file'
    expect beside at 'cat ../beside'
    expect "file" at 'ls'
    expect "beside two words" at 'cd ..; echo *'
    expect "$P/one" at 'cd ..; /bin/pwd'
    expect "$(cat /etc/hostname)" at 'cat ../../../../../../../../../../etc/hostname'
    expect / at 'cd ../../../../../../../../../../; /bin/pwd'
    expect /etc at 'cd /etc; /bin/pwd'
    expect "$here" at 'cd /etc; cd - >/dev/null; pwd -P'
    expect "$here" at '(cd /); /bin/pwd'
done
