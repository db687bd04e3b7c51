#!/bin/bash
# SPDX-License-Identifier: MIT
# Faults of the server at mkdir, unlink, rmdir, rename: an errno, and then nothing has changed, here or there;
# passing ones are tried again.
. "$(dirname "$0")/../lib-write.sh"
not_plain
: >"$T/faults"
chmod 644 "$T/faults"
serve_collection --fault-file "$T/faults"
be_faulty() { printf '%s\n' "$@" >"$T/faults"; kill -HUP "$SERVER_PID"; sleep 0.2; }
mkdir "$REMOTE/dir" "$REMOTE/full"
for name in file other full/x full/y; do echo "$name" >"$REMOTE/$name"; done
cp -r "$REMOTE/." "$PLAIN"
calls() { # prints what each call says
    in_prefix DIR="$C" "$PYTHON" - <<'END'
import os
from libsay import DIR, say
say("mkdir", os.mkdir, DIR + "/new")
say("rmdir", os.rmdir, DIR + "/dir")
say("unlink", os.unlink, DIR + "/other")
say("rename", os.rename, DIR + "/file", DIR + "/renamed")
say("rename of a folder", os.rename, DIR + "/full", DIR + "/moved")
END
}
note "lasting 500s"
be_faulty match=PUT:/c,status=500 match=POST:/c,status=500 match=DELETE:/c,status=500
calls >"$T/said"
cat "$T/said"
if grep -vE ': (EIO|ETIMEDOUT)$' "$T/said"; then fail "something else than EIO"; fi
same_at_server
be_faulty
drained
same_at_server
in_prefix diff -r "$C" "$PLAIN" || fail "the prefix has changed"
fresh_cache
in_prefix diff -r "$C" "$PLAIN" || fail "the remote has changed"

note "a rename that stops half way, and is finished or undone"
be_faulty match=DELETE:/c/file,status=500
in_prefix mv "$C/file" "$C/half" 2>/dev/null || true
in_prefix sh -c 'cat "$0"/file || cat "$0"/half' "$C" 2>/dev/null | grep -qx file || fail "both names are gone"
be_faulty
drained
expect_equal "names at the server" 1 "$(ls "$REMOTE" | grep -cE '^(file|half)$')"
[ ! -e "$REMOTE/half" ] || mv "$REMOTE/half" "$REMOTE/file"
fresh_cache

note "passing faults"
be_faulty match=PUT:/c,count=1,status=500 match=POST:/c,count=1,status=503 match=DELETE:/c,every=2,status=500
calls >"$T/said"
if grep -v ': ok$' "$T/said"; then fail "a passing fault was noticed"; fi
( cd "$PLAIN"; mkdir new; rmdir dir; rm other; mv file renamed; mv full moved )
be_faulty
drained
same_at_server
