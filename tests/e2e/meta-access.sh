#!/bin/bash
# SPDX-License-Identifier: MIT
# test -r, -x, -w, -d, -f, -e, -s and access(2) in the prefix, and in a prefix that is read only.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir "$SRC/dir"
echo x >"$SRC/file"
: >"$SRC/empty"
serve
is() { in_prefix bash -c '[ '"$1"' "$0" ]' "$2" || fail "[ $1 $2 ] is false"; }
is_not() { if in_prefix bash -c '[ '"$1"' "$0" ]' "$2"; then fail "[ $1 $2 ] is true"; fi; }
is -e "$P/file"; is -f "$P/file"; is -r "$P/file"; is -s "$P/file"
is -d "$P/dir"; is -x "$P/dir"; is -r "$P/dir"; is -d /algo; is -d /algo/data
is_not -d "$P/file"; is_not -f "$P/dir"; is_not -s "$P/empty"; is_not -e "$P/none"; is_not -L "$P/file"
is -w "$P/file"; is -w "$P/dir"
export ALGOFS_READONLY=1
is_not -w "$P/file"; is_not -w "$P/dir"; is -r "$P/file"
in_prefix "$PYTHON" - "$P/file" <<'END'
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.access(sys.argv[1].encode(), os.R_OK) == 0
assert libc.access(sys.argv[1].encode(), os.W_OK) == -1
assert ctypes.get_errno() == errno.EROFS, errno.errorcode[ctypes.get_errno()]
END
