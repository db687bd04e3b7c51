#!/bin/bash
# SPDX-License-Identifier: MIT
# Every family of file calls on every kind of name: a plain folder, the shim and the mount give the same answers.
# The mount differs from a plain folder nowhere else than in what no remote can hold. The shim differs from the mount
# in which error comes first where there is more than one (docs/SEMANTICS.md, 12): `known`.
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
need_helper families
serve_collection
user_dir "$PLAIN/a" "$REMOTE/shim" "$REMOTE/mount"
as_user "$HELPERS/families" "$PLAIN/a" >"$T/plain.out" || fail "the test itself is wrong: $(tail -n 1 "$T/plain.out")"
lines=$(wc -l <"$T/plain.out")
[ "$lines" -gt 900 ] || fail "only $lines lines were said"
as_user env LD_PRELOAD="$LIB" timeout 280 "$HELPERS/families" /algo/data/set/c/shim >"$T/shim.out"
as_user timeout 280 "$HELPERS/families" "$C/mount" >"$T/mount.out"
status=0
note "$lines answers: the mount and a plain folder"
diff <(grep -v '^doors' "$T/plain.out") <(grep -v '^doors' "$T/mount.out") || status=1
note "the mount and the shim"
known='^doors (rename exchange|link) |^open rw creat excl "\.\.?":'
diff <(grep -vE "$known" "$T/shim.out") <(grep -vE "$known" "$T/mount.out") || status=1
[ "$status" = 0 ] || fail "they differ"
drained
