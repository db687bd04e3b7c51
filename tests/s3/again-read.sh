#!/bin/bash
# SPDX-License-Identifier: MIT
# The end-to-end read suite once more, on S3: the same tests on trees of up to 50 files in a bucket. S3_ALL=1: all of
# them, but read-cp, which looks for an empty folder (a bucket that rclone has filled has none), and read-numpy, which adds
# files to what is served.
. "$(dirname "$0")/lib-s3.sh"
start_swift
some=(read-cat read-mmap read-sendfile)
[ -z "${S3_ALL:-}" ] || some=(read-cat read-copy-file-range read-copyfile read-dd read-inherited read-mmap
    read-python-open read-python-raw read-redirect read-root read-sendfile read-splice read-stdio read-tar)
export RCLONE_STORE=$T/rclone.conf ALGOFS_TEST_S3=1 TREE_MAX=50 S3_ENDPOINT S3_REGION S3_KEY S3_SECRET S3_BUCKET BUILD
failed=
for name in "${some[@]}"; do
    user_dir "$T/$name"
    status=0
    TMPDIR=$T/$name bash "$TESTS/e2e/$name.sh" >"$T/$name.log" 2>&1 || status=$?
    [ $status = 0 ] || { echo "$name exited with status $status:"; tail -n 60 "$T/$name.log"; failed+=" $name"; }
    rm -rf "${T:?}/$name"
done
[ -z "$failed" ] || fail "on S3:$failed"
