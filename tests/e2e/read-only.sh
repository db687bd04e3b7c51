#!/bin/bash
# SPDX-License-Identifier: MIT
# With ALGOFS_READONLY=1, and by algofs-run --readonly, every call that would change something under the
# prefix says EROFS, and nothing changes.
. "$(dirname "$0")/../lib.sh"
not_plain
mkdir -p "$SRC/dir" "$SRC/full/x"
echo hello >"$SRC/file"
cp -a "$SRC" "$T/before"
serve
export ALGOFS_READONLY=1
in_prefix "$PYTHON" - "$P" "$T/home" <<'END'
import errno, os, socket, sys
p, outside = sys.argv[1:]
bad = 0

def refuse(what, call, *args, allow=(), **more):
    global bad
    try:
        call(*args, **more)
        said = "success"
    except OSError as error:
        if error.errno == errno.EROFS or error.errno in allow:
            return
        said = errno.errorcode[error.errno]
    bad = 1
    print("%s: %s instead of EROFS" % (what, said))

new, old, folder = p + "/new", p + "/file", p + "/dir"
for mode in ("w", "a", "x", "w+", "wb"):
    refuse("open %s of a new file" % mode, open, new, mode)
for mode in ("w", "a", "r+", "w+"):
    refuse("open %s of a file" % mode, open, old, mode)
refuse("O_CREAT", os.open, new, os.O_RDONLY | os.O_CREAT, 0o644)
refuse("O_TRUNC", os.open, old, os.O_RDONLY | os.O_TRUNC)
refuse("O_TMPFILE", os.open, folder, os.O_TMPFILE | os.O_RDWR, 0o600, allow=[errno.EOPNOTSUPP])
refuse("mkdir", os.mkdir, new)
refuse("rmdir", os.rmdir, folder)
refuse("unlink", os.unlink, old)
refuse("rename", os.rename, old, new)
refuse("rename of a folder", os.rename, folder, new)
refuse("rename out", os.rename, old, outside + "/moved", allow=[errno.EXDEV])
open(outside + "/mine", "w").close()
refuse("rename in", os.rename, outside + "/mine", new, allow=[errno.EXDEV])
refuse("link", os.link, old, new)
refuse("link out", os.link, old, outside + "/linked", allow=[errno.EXDEV])
refuse("link in", os.link, outside + "/mine", new, allow=[errno.EXDEV])
refuse("symlink", os.symlink, "target", new)
refuse("mkfifo", os.mkfifo, new)
refuse("truncate", os.truncate, old, 0)
refuse("chmod", os.chmod, old, 0o600)
refuse("chown", os.chown, old, os.getuid(), os.getgid())
refuse("utime", os.utime, old)
refuse("utime of a folder", os.utime, folder, (1, 1))
refuse("setxattr", os.setxattr, old, "user.x", b"1", allow=[errno.EOPNOTSUPP])
refuse("removexattr", os.removexattr, old, "user.x", allow=[errno.EOPNOTSUPP, errno.ENODATA])
refuse("bind", socket.socket(socket.AF_UNIX).bind, new)
here = os.open(folder, os.O_RDONLY)
refuse("openat", os.open, "new", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=here)
refuse("mkdirat", os.mkdir, "new", dir_fd=here)
refuse("unlinkat", os.unlink, "../file", dir_fd=here)
refuse("fchmod", os.fchmod, here, 0o700)
file = os.open(old, os.O_RDONLY)
refuse("fchmod of a file", os.fchmod, file, 0o600)
refuse("futimens", os.utime, file, (5, 5))
refuse("fchown", os.fchown, file, os.getuid(), os.getgid())
refuse("ftruncate", os.ftruncate, file, 0, allow=[errno.EINVAL, errno.EBADF])
sys.exit(bad)
END
expect_failure 'Read-only file system' in_prefix touch "$P/new"
expect_failure 'Read-only file system' in_prefix rm -f "$P/file"
expect_failure 'Read-only file system' in_prefix mkdir "$P/dir/new"
expect_failure 'Read-only file system' in_prefix bash -c 'echo x >"$0/new"' "$P"
expect_failure 'Read-only file system' in_prefix bash -c 'cd "$0" && echo x >>file' "$P"
diff -r "$T/before" "$SRC" || fail "the source changed"
expect hello in_prefix cat "$P/file"
expect_equal "uploads and deletions" 0 "$(($(count_requests PUT .) + $(count_requests POST .) + $(count_requests DELETE .) + $(count_requests PATCH .)))"
expect "dir file full" in_prefix bash -euc 'cd "$0"; echo *' "$P"
unset ALGOFS_READONLY
note "algofs-run --readonly"
expect_failure 'Read-only file system' algofs_run --readonly -- touch "$P/dir/new"
expect hello algofs_run --readonly -- cat "$P/file"
note "and without it, what is allowed is done"
in_prefix sh -c 'echo new >"$0/dir/new"' "$P"
expect new cat "$SRC/dir/new"
