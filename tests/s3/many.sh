#!/bin/bash
# SPDX-License-Identifier: MIT
# Many keys: pages end where they should, nothing is lost or twice, and memory does not grow with the count.
#
#     KEYS=100000 DIRS=1000 EACH=100 tests/run -t 7200 s3/many      the long form
. "$(dirname "$0")/lib-s3.sh"
KEYS=${KEYS:-3500} DIRS=${DIRS:-1100} EACH=${EACH:-5} REAL=${REAL:-60}
start_swift
user_dir "$T/u"
cd "$T/u"
"$PYTHON" -c 'import swift.container.backend' || skip "no swift for $PYTHON"

note "$KEYS keys in one prefix; $DIRS prefixes of $EACH"
# Names whose order by bytes is not that of a locale, and of which one begins another.
"$PYTHON" - "$KEYS" "$DIRS" "$EACH" <<'P' >keys
import sys
keys, dirs, each = map(int, sys.argv[1:])
for i in range(keys):
    print("flat/%s%06d%s" % ("aB-_"[i // 2 % 4], i // 2, "" if i % 2 else ".x"))
for i in range(dirs):
    for j in range(each):
        print("dirs/d%05d/f%d" % (i, j))
P
"$PYTHON" "$TESTS/s3/libfill.py" "$swift_dir" "$S3_BUCKET" <keys || fail "the keys could not be made"
export S3_METADATA=listing
sed -n 's|^flat/||p' keys | LC_ALL=C sort >want
started=$(date +%s)
s3 ls flat >list
note "listed in $(($(date +%s) - started)) s; entries, bad names, memory: $(s3 count flat)"
cut -d' ' -f1 list | LC_ALL=C sort >got
expect_same want got
sed -n 's|^dirs/\(.*\)/.*|\1|p' keys | LC_ALL=C sort -u >want
started=$(date +%s)
s3 ls dirs >list
note "prefixes listed in $(($(date +%s) - started)) s; entries, bad names, memory: $(s3 count dirs)"
sed 's/ dir 0 -$//' list | LC_ALL=C sort >got
expect_same want got
expect_equal "one prefix" "$EACH" "$(s3 ls dirs/d00007 | wc -l)"

note "$REAL real ones, with the times that rclone kept, then removed in batches"
unset S3_METADATA
mkdir real
for i in $(seq "$REAL"); do
    touch -d @$((1000000000 + i)) "real/$i"
    echo "$i file 0 $((1000000000 + i))"
done | LC_ALL=C sort >want
rc copy real "store:$S3_BUCKET/real" --transfers 16 --no-traverse --no-check-dest --retries 20 || fail "rclone copy"
s3 ls real | LC_ALL=C sort >got
expect_same want got
s3 rm tree real
expect_failure ENOENT s3 stat real
rc lsf "store:$S3_BUCKET/real" >left 2>/dev/null || true
[ ! -s left ] || fail "left: $(cat left)"
