#!/bin/bash
# SPDX-License-Identifier: MIT
# Multipart uploads that go wrong: a part that fails is sent again alone; one that cannot be finished is
# aborted; what a killed process leaves is aborted by the next, and nobody else's.
#
#     BIG_MB=5120 tests/run -t 7200 s3/multipart      also an object of that size, both ways
. "$(dirname "$0")/lib-s3.sh"
start_swift
user_dir "$T/u"
cd "$T/u"
export S3_PART=5242880 S3_STATE=$T/u/state
head -c 12000000 /dev/urandom >big # three parts
parts() { grep -c "^PUT .*[?&]partNumber=$2&" "$1" || true; }

note "a part that fails, and one whose connection is cut"
start_proxy "$T/log1" --fail 'partNumber=2&=500' --cut 'partNumber=3&'
S3_ENDPOINT=$PROXY s3 put a big >/dev/null
expect_equal "times that the parts were sent" "1 2 2" "$(parts "$T/log1" 1) $(parts "$T/log1" 2) $(parts "$T/log1" 3)"
expect_equal "beginnings" 1 "$(grep -c '^POST .*[?]uploads=' "$T/log1")"
rc copyto "store:$S3_BUCKET/a" got
same big got
expect_equal "uploads left" "" "$(uploads_left)"

note "an upload that is refused is aborted"
start_proxy "$T/log2" --fail 'partNumber=2&=403'
expect_failure EACCES env S3_ENDPOINT="$PROXY" "${ORDINARY[@]}" "$BUILD/unit/s3-tool" put b big
expect_failure ENOENT s3 stat b
expect_equal "uploads left" "" "$(uploads_left)"
expect_equal "notes left" "" "$(ls state)"

note "a completion whose answer is lost"
start_proxy "$T/log3" --fail '^POST .*uploadId=500'
S3_ENDPOINT=$PROXY s3 put c big >/dev/null
rc copyto "store:$S3_BUCKET/c" got
same big got

note "kill -9 in the middle, somebody else's upload at the same time"
start_proxy "$T/log4" --hold 'partNumber=2&'
# In the background, without a shell between, so that $! is the tool.
"${ORDINARY[@]}" env -u S3_STATE S3_ENDPOINT="$PROXY" "$BUILD/unit/s3-tool" put foreign big >/dev/null 2>&1 &
foreign=$!
"${ORDINARY[@]}" env S3_ENDPOINT="$PROXY" "$BUILD/unit/s3-tool" put d big >/dev/null 2>&1 &
killed=$!
for _ in $(seq 1200); do
    [ "$(grep -c 'partNumber=2&.* held$' "$T/log4" || true)" != 2 ] || break
    sleep 0.1
done
kill -9 $killed $foreign
wait $killed $foreign 2>/dev/null || true
expect_equal "notes" 1 "$(ls state | wc -l)"
expect_equal "uploads" "d foreign" "$(uploads_left | awk '{ print $1 }' | sed "s|s3://$S3_BUCKET/||" | sort | tr '\n' ' ' | sed 's/ $//')"
S3_ENDPOINT=$PROXY s3 settle
expect_equal "uploads after the next start" "foreign" "$(uploads_left | awk '{ print $1 }' | sed "s|s3://$S3_BUCKET/||")"
expect_equal "notes left" "" "$(ls state)"

if [ -n "${BIG_MB:-}" ]; then
    note "$BIG_MB MiB both ways"
    unset S3_PART
    "$PYTHON" -c 'import hashlib, random, sys
generator, whole = random.Random(1), hashlib.md5()
with open("huge", "wb") as file:
    for _ in range(int(sys.argv[1])):
        piece = generator.randbytes(1 << 20)
        whole.update(piece)
        file.write(piece)
print(whole.hexdigest())' "$BIG_MB" >huge.md5
    s3 put huge huge
    rm huge
    expect_equal "as rclone reads it" "$(cat huge.md5)" "$(rc cat "store:$S3_BUCKET/huge" | md5sum | cut -d' ' -f1)"
    s3 get huge huge
    expect_equal "as we read it" "$(cat huge.md5)" "$(md5sum <huge | cut -d' ' -f1)"
    rm huge
fi
