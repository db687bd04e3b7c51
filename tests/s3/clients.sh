#!/bin/bash
# SPDX-License-Identifier: MIT
# S3 seen by others: what we write rclone and s3cmd read (bytes, times, modes), and the other way round;
# keys that are no names; multipart, and copies of it.
. "$(dirname "$0")/lib-s3.sh"
start_swift
user_dir "$T/u"
cd "$T/u"
sum() { rc cat "store:$S3_BUCKET/$1" | md5sum | cut -d' ' -f1; }
meta() { # KEY NAME: user metadata as s3cmd shows it
    s3cmd_ info "s3://$S3_BUCKET/$1" 2>/dev/null | sed -n "s/^ *x-amz-meta-$2: *//p"
}

note "ours, read by rclone and s3cmd"
echo "hello, store" >"small"
s3 put "d r/ü+&%" small 1499963452.123456789 640 1000 100 >/dev/null
expect_equal "bytes" "hello, store" "$(rc cat "store:$S3_BUCKET/d r/ü+&%")"
expect_equal "time by rclone" "1499963452.123456789" \
    "$(rc lsjson "store:$S3_BUCKET/d r" | "$PYTHON" -c 'import json, sys, datetime
text = json.load(sys.stdin)[0]["ModTime"]
whole, _, part = text.rstrip("Z").partition(".")
print("%d.%s" % (datetime.datetime.fromisoformat(whole + "+00:00").timestamp(), part))')"
expect_equal "mode by s3cmd" 33184 "$(meta "d r/ü+&%" mode)"
expect_equal "uid, gid" "1000 100" "$(meta "d r/ü+&%" uid) $(meta "d r/ü+&%" gid)"
expect "ü+&% file 13 1499963452.123456789 640 1000:100" s3 ls "d r"
s3 set "d r/ü+&%" 1500000000 755
expect "ü+&% file 13 1500000000 755 1000:100" s3 ls "d r"
expect_equal "mode by s3cmd" 33261 "$(meta "d r/ü+&%" mode)"
expect_equal "bytes after" "hello, store" "$(rc cat "store:$S3_BUCKET/d r/ü+&%")"
s3 ln "../small link" "d r/link"
expect_equal "a link's bytes" "../small link" "$(rc cat "store:$S3_BUCKET/d r/link")"
expect_equal "a link's mode" 41471 "$(meta "d r/link" mode)"

note "rclone's and s3fs's, read by us"
echo "from rclone" >r
touch -d @1234567890.5 r
rc copyto r "store:$S3_BUCKET/rc/r"
expect "r file 12 1234567890.500000000" s3 ls rc
rc copyto r "store:$S3_BUCKET/rc/r" --header-upload "x-amz-meta-mode: 33152" --header-upload "x-amz-meta-uid: 7" \
    --header-upload "x-amz-meta-gid: 8" --ignore-times
expect "r file 12 1234567890.500000000 600 7:8" s3 ls rc
s3 get rc/r got
same r got
printf 'some/target' >t
rc copyto t "store:$S3_BUCKET/links/l" --header-upload "x-amz-meta-mode: 41471"
s3 ls links >list
grep -qE '^l link 11 [0-9.]+ 777' list || fail "no link: $(cat list)"
expect_equal "target" "some/target" "$(s3 stat links/l | sed 's/.* -> //')"
rc copyto r "store:$S3_BUCKET/rc/kept" --header-upload "x-amz-meta-other: stays" --header-upload "Content-Type: text/x-mine"
s3 set rc/kept 1 600
expect_equal "others' metadata" stays "$(meta rc/kept other)"
s3cmd_ info "s3://$S3_BUCKET/rc/kept" >info 2>/dev/null
grep -q "MIME type: *text/x-mine" info || fail "the type is lost: $(cat info)"

note "directories: marked, implied, emptied"
s3 mkdir made
expect "made dir 0 -" s3 stat made
s3 rm file rc/kept
s3 rm file rc/r
expect "rc dir 0 -" s3 stat rc
expect "" s3 ls rc
s3 set made 1000000000 700
expect "made dir 0 1000000000 700" s3 stat made
s3 rm dir made
expect_failure ENOENT s3 stat made
expect_failure ENOTDIR s3 ls "d r/link"
expect_failure EISDIR s3 put "d r" small

note "keys that no file can be"
for key in "bad//b" "bad/ok" "bad/both" "bad/both/below" "bad/both-1" "/lead" "bad/$(printf '%0300d' 0)"; do
    s3cmd_ -q put small "s3://$S3_BUCKET/$key" 2>/dev/null || fail "s3cmd put $key"
done
expect "3 3" bash -c "$(declare -p BUILD ORDINARY); \"\${ORDINARY[@]}\" \"$BUILD/unit/s3-tool\" count bad | cut -d' ' -f1-2 | { read -r all bad; echo \$((all - 1)) \$((bad + 1)); }"
s3 ls bad >list
grep -q '^both dir' list || fail "the directory does not win: $(cat list)"
expect "bad/both dir 0 -" s3 stat bad/both
s3 ls "" >list
grep -q '^bad dir' list || fail "the root lacks a directory"
s3 rm tree bad
expect_equal "what is left" "" "$(s3cmd_ ls -r "s3://$S3_BUCKET/bad/" 2>/dev/null)"

note "multipart, and what is copied from it"
head -c 17000001 /dev/urandom >big
export S3_PART=5242880 S3_COPY_MAX=6000000
s3 put big1 big 1600000000.25 600 1 2 >put
expect "big1 file 17000001 1600000000.250000000 600 1:2" s3 stat big1
expect_equal "by rclone" "$(md5sum <big | cut -d' ' -f1)" "$(sum big1)"
s3 get big1 got
same big got
s3 cp big1 big2
expect "big2 file 17000001 1600000000.250000000 600 1:2" s3 stat big2
expect_equal "the copy" "$(md5sum <big | cut -d' ' -f1)" "$(sum big2)"
s3 set big2 1700000000 644
expect "big2 file 17000001 1700000000 644 1:2" s3 stat big2
expect_equal "the copy onto itself" "$(md5sum <big | cut -d' ' -f1)" "$(sum big2)"
rc copyto big "store:$S3_BUCKET/big3" --s3-upload-cutoff 5M --s3-chunk-size 5M
s3 get big3 got
same big got
expect_equal "uploads left" "" "$(uploads_left)"
