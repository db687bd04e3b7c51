#!/bin/bash
# SPDX-License-Identifier: MIT
# Reading from S3 by ordinary programs: bytes, sizes, the times and modes that others put there.
. "$(dirname "$0")/lib-e2e.sh"
serve_s3
make_tree 60
(cd "$SRC" && find . -type f -exec chmod 644 {} +)
rc copy "$SRC" "store:$S3_BUCKET/tree" --no-unicode-normalization --transfers 8 --no-traverse --no-check-dest --retries 20 || fail "rclone copy"

s3 mkdir "tree/empty folder" # rclone makes none

note "names, sizes and times"
in_prefix find "$P/tree" -type f -printf '%P %s %T@\n' | LC_ALL=C sort >"$T/got"
(cd "$SRC" && find . -type f -printf '%P %s %T@\n') | LC_ALL=C sort >"$T/want"
expect_same "$T/want" "$T/got"
note "bytes, by several programs"
in_prefix diff -r "$SRC" "$P/tree" || fail "diff -r"
fresh_cache
in_prefix tar -C "$P" -cf "$HOME/t.tar" tree
user_dir "$T/x"
as_user tar -C "$T/x" -xf "$HOME/t.tar"
check_tree "$T/x/tree"
fresh_cache
user_dir "$T/y"
in_prefix cp -r "$P/tree" "$T/y/"
check_tree "$T/y/tree"

note "a large one, by ranges"
head -c 30000000 /dev/urandom >"$SRC/large"
touch -d @1222333444.125 "$SRC/large"
rc copyto "$SRC/large" "store:$S3_BUCKET/large" --s3-upload-cutoff 5M --s3-chunk-size 5M
fresh_cache
expect "30000000 1222333444.1250000000" in_prefix find "$P/large" -printf '%s %T@\n'
in_prefix dd if="$P/large" bs=1000 skip=20000 count=3 status=none >"$T/piece"
dd if="$SRC/large" bs=1000 skip=20000 count=3 status=none | cmp - "$T/piece" || fail "a piece of the large file"
in_prefix cmp "$P/large" "$SRC/large" || fail "the large file"

note "what is not there"
expect_failure "No such file" in_prefix cat "$P/nothing"
expect_failure "Not a directory" in_prefix cat "$P/large/below"
expect_failure "Is a directory" in_prefix cat "$P/tree"
