#!/bin/bash
# SPDX-License-Identifier: MIT
# encrypt=FILE: programs see plain files; the server has ciphertext under the same names; another key or an altered
# byte is EIO, and never bytes that were not written.
. "$(dirname "$0")/../lib.sh"
not_plain
serve
user_dir "$SRC" "$T/keys"
export ALGOFS_CONFIG=$T/config
settings() { printf '[data]\ntype = algorithmia\nencrypt = %s\n' "$1" >"$ALGOFS_CONFIG"; chmod 644 "$ALGOFS_CONFIG"; }

note "keygen"
algofs keygen "$T/keys/key"
expect 600 stat -c %a "$T/keys/key"
expect_failure 'File exists' algofs keygen "$T/keys/key"
cp "$T/keys/key" "$T/keys/before"
algofs keygen "$T/keys/other"
! cmp -s "$T/keys/key" "$T/keys/other" || fail "two keys are the same"
settings "$T/keys/key"

note "written through the prefix, read back by another agent with an empty cache"
"$PYTHON" -c 'import random, sys; random.seed(5); sys.stdout.buffer.write(b"PLAINTEXT" * 10 + random.randbytes(6000000))' >"$T/big"
chmod a+r "$T/big"
in_prefix cp "$T/big" "$P/big"
in_prefix sh -c 'printf PLAINTEXT >"$0/small"; : >"$0/empty"; mkdir "$0/sub"; cp "$0/small" "$0/sub/copy"; mv "$0/sub/copy" "$0/sub/moved"' "$P"
fresh_cache
expect "$(stat -c %s "$T/big")" in_prefix stat -c %s "$P/big"
in_prefix cmp "$T/big" "$P/big" || fail "big came back different"
expect PLAINTEXT in_prefix cat "$P/small"
expect PLAINTEXT in_prefix cat "$P/sub/moved"
expect "" in_prefix cat "$P/empty"
expect 0 in_prefix stat -c %s "$P/empty"

note "ranges of a large file, at random"
fresh_cache
in_prefix "$PYTHON" - "$P/big" "$T/big" <<'END' || fail "ranges"
import os, random, sys
random.seed(7)
a, b = (os.open(p, os.O_RDONLY) for p in sys.argv[1:])
size = os.fstat(b).st_size
assert os.fstat(a).st_size == size
for _ in range(30):
    at, n = random.randrange(size), random.choice((1, 100, 70000, 300000))
    assert os.pread(a, n, at) == os.pread(b, n, at), at
END

note "the server has the names, and nothing of the content"
expect "big
empty
small
sub" ls "$SRC"
if grep -rlF PLAINTEXT "$SRC"; then fail "the server has plain text"; fi
for name in big empty small sub/moved; do
    expect algofsE head -c 7 "$SRC/$name"
done
expect 105 stat -c %s "$SRC/empty"

note "sed, append, truncate: whole files are encrypted anew"
in_prefix sed -i s/PLAIN/CLEAR/ "$P/small"
in_prefix sh -c 'printf MORE >>"$0"' "$P/small"
fresh_cache
expect CLEARTEXTMORE in_prefix cat "$P/small"

note "altered on the server"
fresh_cache
"$PYTHON" - "$SRC/small" <<'END'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(-20, 2)
    byte = f.read(1)[0]
    f.seek(-20, 2)
    f.write(bytes([byte ^ 1]))
END
expect_failure '^cat: .*: Input/output error$' in_prefix cat "$P/small"
log_line "cannot fetch \"data/set/small\": 'set/small': cannot decrypt: a part of it is not what was stored"
truncate -s -1 "$SRC/big"
printf 'never encrypted' >"$SRC/plain"
chmod a+r "$SRC/plain"
fresh_cache
expect_failure '^cat: .*: Input/output error$' in_prefix cat "$P/big"
expect_failure '^cat: .*: Input/output error$' in_prefix cat "$P/plain"

note "another key; no key"
settings "$T/keys/other"
expect_failure '^cat: .*: Input/output error$' in_prefix cat "$P/sub/moved"
log_line "'set/sub/moved': cannot decrypt: its key is another, or it was altered"
settings "$T/keys/key"
expect PLAINTEXT in_prefix cat "$P/sub/moved"
echo short >"$T/keys/bad"
chmod a+r "$T/keys/bad"
settings "$T/keys/bad"
expect_failure "algofs-run: .*the key file $T/keys/bad does not hold 32 bytes" algofs_run true
expect_failure 'Invalid argument' in_prefix cat "$P/sub/moved"
settings "$T/keys/none"
expect_failure "algofs-run: the key file $T/keys/none: No such file" algofs_run true
expect_failure 'Invalid argument' in_prefix cat "$P/sub/moved" # not ENOENT: the file is there
if grep -qF -f "$T/keys/key" "$(agent_log)"; then fail "the key is in the log"; fi
