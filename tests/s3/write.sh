#!/bin/bash
# SPDX-License-Identifier: MIT
# Writing to S3 by ordinary programs: bytes, times, modes and links last, others see them, names move, folders stay.
. "$(dirname "$0")/lib-e2e.sh"
serve_s3
S=$T/source
user_dir "$S"
as_user bash -eu -c 'cd "$1"
    mkdir -p a/b c "d e"
    echo one >a/one; echo two >a/b/two; head -c 3000000 /dev/urandom >c/big; : >"d e/empty"
    ln -s ../a/one c/link; ln -s nowhere c/dangling
    chmod 640 a/one; chmod 751 a/b/two; chmod 600 c/big
    touch -d "2003-04-05 06:07:08.123456789" a/one a/b/two; touch -d "1999-12-31 23:59:59" c/big "d e/empty"' sh "$S"
# Files only: folders keep their mode, but for the time their implied ones have none.
files() { "$1" find "$2" -type f -printf '%P %m %s %T@\n' -o -type l -printf '%P -> %l\n' | LC_ALL=C sort; }

note "cp -a, and what others see"
in_prefix cp -a "$S" "$P/cp"
files as_user "$S" >"$T/want"
files in_prefix "$P/cp" >"$T/got"
expect_same "$T/want" "$T/got"
pull cp
cmp "$MIRROR/cp/c/big" "$S/c/big" || fail "rclone reads other bytes"
expect_equal "times by rclone" "$(find "$S" -type f -printf '%P %T@\n' | sort)" "$(find "$MIRROR/cp" -type f ! -path '*/c/link' ! -path '*/c/dangling' -printf '%P %T@\n' | sort)"
expect_equal "mode by s3cmd" 33184 "$(s3cmd_ info "s3://$S3_BUCKET/cp/a/one" 2>/dev/null | sed -n 's/^ *x-amz-meta-mode: *//p')"

note "with a new cache"
fresh_cache
files in_prefix "$P/cp" >"$T/got"
expect_same "$T/want" "$T/got"
in_prefix diff -r --no-dereference "$S" "$P/cp" || fail "diff -r"

note "chmod, touch, mv, rm"
in_prefix bash -euc 'cd "$1"
    chmod 700 cp/a/one; touch -d @1234567890 cp/a/b/two
    mv cp/a/one cp/moved; mv cp/c "cp/d e/c"; rm cp/a/b/two; ln -s moved cp/new' sh "$P"
as_user bash -euc 'cd "$1"
    chmod 700 a/one; touch -d @1234567890 a/b/two
    mv a/one moved; mv c "d e/c"; rm a/b/two; ln -s moved new' sh "$S"
fresh_cache
files as_user "$S" >"$T/want"
files in_prefix "$P/cp" >"$T/got"
expect_same "$T/want" "$T/got"
in_prefix diff -r --no-dereference "$S" "$P/cp" || fail "diff -r"
expect_equal "the emptied folder" "" "$(in_prefix ls "$P/cp/a/b")"

note "all gone"
in_prefix rm -r "$P/cp"
expect_equal "objects left" "" "$(rc lsf -R "store:$S3_BUCKET")"
