#!/bin/bash
# SPDX-License-Identifier: MIT
# A reader that has a file open keeps the old bytes when the remote file is replaced.
. "$(dirname "$0")/../lib.sh"
not_plain
seq 300 >"$SRC/file"
touch -d '2020-01-01' "$SRC/file"
want=$(sha256sum <"$SRC/file")
start_server
TTL=1 use_prefix
# shellcheck disable=SC2016
coproc READER { in_prefix bash -euc '
    exec 7<"$0/file" 8<"$0/file"
    sha256sum <&7
    read -r go
    cat "$0/file"
    sha256sum <&8' "$P"; }
reader=$READER_PID
exec 5<&"${READER[0]}" 6>&"${READER[1]}"
read -r first <&5
expect_equal "the old file" "$want" "$first"
echo "new and of another size" >"$SRC/file"
sleep 1.5
echo go >&6
read -r second <&5
expect_equal "the new file" "new and of another size" "$second"
read -r third <&5
expect_equal "the old file, still open" "$want" "$third"
wait "$reader"
