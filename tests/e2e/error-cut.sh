#!/bin/bash
# SPDX-License-Identifier: MIT
# A large file whose transfer is cut again and again arrives whole.
. "$(dirname "$0")/../lib.sh"
not_plain
head -c 30000000 /dev/urandom >"$SRC/file"
serve --fault 'match=GET:/set/file,every=3,cut=700000'
in_prefix cmp "$P/file" "$SRC/file"

note "always cut: an error, and never zeros"
start_server --fault 'match=GET:/set/file,cut=0'
use_prefix
expect_failure 'Input/output error' in_prefix cat "$P/file"
in_prefix "$PYTHON" - "$P/file" <<'END'
import errno, mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
try:
    got = os.pread(fd, 4096, 20000000)
    sys.exit("pread gave %d bytes, %d of them zero" % (len(got), got.count(0)))
except OSError as error:
    assert error.errno == errno.EIO, error
try:
    view = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
    sys.exit("mmap gave %r" % view[:20])
except OSError as error:
    assert error.errno == errno.EIO, error
END
