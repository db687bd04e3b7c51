#!/bin/bash
# SPDX-License-Identifier: MIT
# Links outside lead into the prefix: whole programs read, make, rename and remove through them.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection
user_dir "$REMOTE/d" "$T/out" "$T/out/sub"
echo hi >"$REMOTE/f"
echo in >"$REMOTE/d/g"
export OUT=$T/out
as_user bash -eu <<'S'
cd "$OUT"
ln -s "$C" abs
ln -s abs/d chain
ln -s ../out/abs/f file
ln -s ../abs sub/up
ln -s "$C/new" new
S
in_prefix bash -eu >"$T/said" 2>&1 <<'S'
cd "$OUT"
cat abs/f chain/g file sub/up/f
echo made >abs/made
echo new >new
mkdir abs/dir
mv abs/made abs/dir/
mv "$C/dir/made" abs/moved
cp abs/f abs/copy
ls abs/ | tr '\n' ' '
(cd chain && pwd -P)
rm -r abs/dir
rm new
find -L abs -name 'm*'
realpath file
S
expect_same "$T/said" <(printf 'hi\nin\nhi\nhi\ncopy d dir f moved new %s/d\nabs/moved\n%s/f\n' "$C" "$C")
at_server moved made
at_server new new
at_server copy hi
not_at_server dir
[ ! -L "$OUT/new" ] || fail "rm of a link removed something else"
expect_failure 'Operation not permitted' in_prefix ln -s x "$OUT/abs/link"
expect_failure 'cross-device' in_prefix "$PYTHON" -c "import os; os.rename('$OUT/abs/f', '$OUT/plain')"

note "a script and a library behind a link"
printf '#!/bin/sh\necho "ran $1"\n' | in_prefix tee "$C/run" >/dev/null
in_prefix chmod 755 "$C/run"
expect 'ran it' in_prefix "$OUT/abs/run" it
