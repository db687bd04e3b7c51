#!/bin/bash
# SPDX-License-Identifier: MIT
# The top of the prefix and its parents: /algo, /algo/data, and .. from there.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
expect hello in_prefix cat /algo/data/set/file
expect hello in_prefix cat /algo/../algo/./data//set/../set/file
expect /algo in_prefix bash -euc 'cd /algo; /bin/pwd'
expect / in_prefix bash -euc 'cd /algo/..; /bin/pwd'
expect / in_prefix bash -euc 'cd /algo; cd ..; /bin/pwd'
expect /algo in_prefix bash -euc 'cd /; cd algo; /bin/pwd'
expect hello in_prefix bash -euc 'cd /; cat algo/data/set/file'
expect hello in_prefix bash -euc 'cd /etc; cat ../algo/data/set/file'
expect data in_prefix bash -euc 'cd /algo; ls -d data'
in_prefix ls /algo >"$T/top"
grep -qx data "$T/top" || fail "ls /algo does not show data: $(cat "$T/top")"
expect directory in_prefix stat -c %F /algo/data
expect_failure 'No such file' in_prefix ls /algo/none
expect_failure 'No such file' in_prefix ls /algorithm
