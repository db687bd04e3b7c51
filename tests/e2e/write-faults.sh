#!/bin/bash
# SPDX-License-Identifier: MIT
# Faults of the server during upload: close says so with an errno, or succeeds after retrying; the bytes stay
# readable here; and when the server is well again it gets them, without anybody writing them once more.
. "$(dirname "$0")/../lib-write.sh"
not_plain
: >"$T/faults"
chmod 644 "$T/faults"
serve_collection --fault-file "$T/faults"
be_faulty() { printf '%s\n' "$@" >"$T/faults"; kill -HUP "$SERVER_PID"; sleep 0.2; }
be_well() { : >"$T/faults"; kill -HUP "$SERVER_PID"; sleep 0.2; }

# write_file NAME TEXT: prints "ok", or the errno that close gave.
write_file() {
    in_prefix DIR="$C" "$PYTHON" - "$@" <<'END'
import errno, os, sys
from libsay import DIR
name, text = sys.argv[1:]
fd = os.open(DIR + "/" + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
os.write(fd, text.encode() * 20000)
try:
    os.close(fd)
    print("ok")
except OSError as error:
    print(errno.errorcode[error.errno])
END
}
text_of() { "$PYTHON" -c 'import sys; print(sys.argv[1] * 20000, end="")' "$1"; }
is_file() { # PLACE TEXT
    text_of "$2" | cmp - "$1" || fail "$1 is not what was written"
}
in_prefix_is() { # NAME TEXT
    text_of "$2" >"$T/wanted"
    in_prefix cmp "$T/wanted" "$C/$1" || fail "$1 is not readable in the prefix"
}

number=0
# lasting ERRNOS FAULT: close fails with one of these as long as it lasts; the bytes come later: by themselves
# where the failure may pass, with algofs flush where it is lasting (a key, a size), for then the retry is rare.
lasting() {
    local errnos=$1 name said
    number=$((number + 1)); name=lasting-$number
    note "as long as it lasts: $2"
    echo old >"$REMOTE/$name"
    be_faulty "match=PUT:/c/$name,$2"
    said=$(write_file "$name" "$name new ")
    [[ " $errnos " == *" $said "* ]] || fail "$2: close said $said instead of $errnos"
    expect_equal "the server's file meanwhile" old "$(cat "$REMOTE/$name")"
    in_prefix_is "$name" "$name new "
    [ "$(count_left failed)" -ge 1 ] || fail "$2: status shows nothing that failed"
    algofs status | grep -q "$name" || { algofs status; fail "$2: status does not name the file"; }
    case $said in
    EIO|ETIMEDOUT) be_well; drained ;;
    *)
        if algofs flush >"$T/flush.said" 2>&1; then fail "$2: algofs flush succeeded"; fi
        grep -q "$name" "$T/flush.said" || { cat "$T/flush.said"; fail "$2: algofs flush does not name the file"; }
        be_well
        flushed ;;
    esac
    is_file "$REMOTE/$name" "$name new "
    expect_equal "what failed" 0 "$(count_left failed)"
}
# passing FAULT: nobody notices.
passing() {
    local name
    number=$((number + 1)); name=passing-$number
    note "twice only: $1"
    be_faulty "match=PUT:/c/$name,count=2,$1"
    expect ok write_file "$name" "$name "
    is_file "$REMOTE/$name" "$name "
    be_well
    nothing_pending
}

for fault in status=500 status=503,retry-after=1 reset upload-reset=0 upload-reset=50 upload-reset=99 wrong-etag status=429,retry-after=1; do
    passing "$fault"
done
lasting EIO status=500
lasting "EACCES EPERM" status=401
lasting "EACCES EPERM" status=403
lasting "EFBIG" status=413
lasting "ENOSPC EDQUOT" status=507
lasting "ENOSPC EDQUOT" nospace
lasting "EIO ETIMEDOUT" status=503,retry-after=1
lasting "EIO ECONNRESET EHOSTUNREACH" upload-reset=50

note "an ETag that is not the file's, in every answer about it: no success that is none"
be_faulty "match=*:/c/etag,wrong-etag"
said=$(write_file etag "etag ") # this API's answer to an upload has no ETag that could be wrong
[ "$said" = ok ] || [ "$said" = EIO ] || fail "close said $said"
in_prefix_is etag "etag "
be_well
drained
is_file "$REMOTE/etag" "etag "

note "the agent is stopped, and killed, while something could not be uploaded"
be_faulty "match=PUT:/c/kept,status=500" "match=PUT:/c/held,status=500"
said=$(write_file kept "kept ")
[ "$said" = EIO ] || fail "close said $said"
algofs stop >/dev/null 2>&1 || true
in_prefix_is kept "kept "
said=$(write_file held "held ")
[ "$said" = EIO ] || fail "close said $said"
as_user kill -9 $(agent_pids)
in_prefix_is held "held "
be_well
drained
is_file "$REMOTE/kept" "kept "
is_file "$REMOTE/held" "held "

note "async: close does not tell, status does"
be_faulty "match=PUT:/c/async,status=500"
ALGOFS_WRITEBACK=async expect ok write_file async "async "
for _ in $(seq 300); do
    [ "$(count_left failed)" = 0 ] || break
    sleep 0.1
done
[ "$(count_left failed)" -ge 1 ] || fail "status shows nothing that failed"
be_well
drained
is_file "$REMOTE/async" "async "

note "what could not be uploaded is overwritten, renamed, removed"
be_faulty "match=PUT:/c/x,status=500"
for name in x-over x-gone; do
    said=$(write_file "$name" "first ")
    [ "$said" = EIO ] || fail "close said $said"
done
in_prefix rm "$C/x-gone" || fail "what was not uploaded cannot be removed"
be_well
expect ok write_file x-over "second "
drained
is_file "$REMOTE/x-over" "second "
not_at_server x-gone
expect_failure 'No such file' in_prefix cat "$C/x-gone"
read_dir() { in_prefix ls "$C"; }
fresh_cache
expect "$(ls "$REMOTE")" read_dir
