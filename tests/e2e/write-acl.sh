#!/bin/bash
# SPDX-License-Identifier: MIT
# user.algofs.acl reads and sets a collection's access list; no other extended attribute can be set.
. "$(dirname "$0")/../lib-write.sh"
not_plain
serve_collection
echo x >"$REMOTE/file"
in_prefix DIR="$C" "$PYTHON" - <<'END'
import errno, os
from libsay import DIR, say
name = "user.algofs.acl"
assert os.getxattr(DIR, name) == b"my_algos", os.getxattr(DIR, name)
for acl in (b"public", b"private", b"my_algos", b"public"):
    os.setxattr(DIR, name, acl)
    assert os.getxattr(DIR, name) == acl, (acl, os.getxattr(DIR, name))
for what, call, args, code in (
        ("no such list", os.setxattr, (DIR, name, b"everybody"), errno.EINVAL),
        ("another attribute", os.setxattr, (DIR, "user.other", b"x"), errno.ENOTSUP),
        ("another attribute of a file", os.setxattr, (DIR + "/file", "user.other", b"x"), errno.ENOTSUP),
        ("the list of a file", os.getxattr, (DIR + "/file", name), errno.ENODATA),
        ("the list of nothing", os.getxattr, (DIR + "/none", name), errno.ENOENT),
        ("another attribute", os.getxattr, (DIR, "user.other"), errno.ENODATA)):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == code, (what, errno.errorcode[error.errno], errno.errorcode[code])
    else:
        raise AssertionError(what + " succeeded")
assert os.listxattr(DIR) == [], os.listxattr(DIR)
END
fresh_cache
expect public in_prefix "$PYTHON" -c "import os; print(os.getxattr('$C', 'user.algofs.acl').decode())"
curl -sf -H "Authorization: Simple $KEY" "$URL/v1/connector/data/set/c?acl=true" >"$T/answer" || fail "the server does not answer"
grep -q 'user://\*' "$T/answer" || { cat "$T/answer"; fail "the server has another list"; }
if command -v setfattr >/dev/null; then
    in_prefix setfattr -n user.algofs.acl -v private "$C"
    expect private in_prefix getfattr --only-values -n user.algofs.acl --absolute-names "$C"
fi
expect_failure 'Read-only file system' in_prefix ALGOFS_READONLY=1 "$PYTHON" -c "import os; os.setxattr('$C', 'user.algofs.acl', b'private')"
