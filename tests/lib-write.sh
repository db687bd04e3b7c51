# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of writing share, on top of lib.sh. There is one collection, empty at first:
#
#     $C       its place under the prefix
#     $REMOTE  its folder on the server's disk
#     $PLAIN   an ordinary folder, to do the same in and compare
#
#     . "$(dirname "$0")/../lib-write.sh"
#     serve_collection
#     both bash -eu <<<'echo hello >"$DIR/f"'     # the same in both: same output, same files

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

REMOTE=$SRC/c
PLAIN=$T/plain
export PYTHONPATH=$TESTS/write

# serve_collection [SERVER OPTION...]: a server, the environment to reach it, and the empty collection.
serve_collection() {
    user_dir "$REMOTE" "$PLAIN"
    serve "$@"
    C=$P/c
    export C PLAIN REMOTE
}

# both CMD...: runs CMD, with what is on stdin, in the prefix and on a plain folder, DIR being the place.
# It must say the same, and the server's disk must then hold what the plain folder holds.
both() {
    local status_want=0 status_got=0
    cat >"$T/script"
    chmod 644 "$T/script"
    as_user env DIR="$PLAIN" "$@" <"$T/script" >"$T/want" 2>&1 || status_want=$?
    in_prefix DIR="$C" "$@" <"$T/script" >"$T/got" 2>&1 || status_got=$?
    sed -i "s|$PLAIN|DIR|g" "$T/want"
    sed -i "s|$C|DIR|g" "$T/got"
    expect_same "$T/want" "$T/got"
    expect_equal "exit status" "$status_want" "$status_got"
    same_at_server
}

# must_work: the last `both` ended well (a script that fails in both places shows nothing).
must_work() { ! grep -nE 'Traceback|Error:' "$T/want" || fail "the test itself is wrong: $(cat "$T/want")"; }

# same_at_server: the server's disk has what the plain folder has.
same_at_server() {
    diff -r "$PLAIN" "$REMOTE" || fail "the server's disk differs from the plain folder"
}

# at_server FILE TEXT: the server's disk has FILE of the collection with that text.
at_server() {
    [ -f "$REMOTE/$1" ] || fail "the server does not have $1"
    expect_equal "$1 at the server" "$2" "$(cat "$REMOTE/$1")"
}
not_at_server() { [ ! -e "$REMOTE/$1" ] || fail "the server has $1"; }

# touch_prefix: makes sure that an agent runs and knows the key.
touch_prefix() { in_prefix stat "$P" >/dev/null; }

# count_left NAME: the sum of the numbers called NAME in `algofs status --json`.
count_left() {
    # A here-document would take stdin away; the program is short.
    algofs status --json | "$PYTHON" -c '
import json, sys
def members(value):
    if isinstance(value, dict):
        for key, each in value.items():
            if key == sys.argv[1] and type(each) is int:
                yield each
            yield from members(each)
    elif isinstance(value, list):
        for each in value:
            yield from members(each)
found = list(members(json.load(sys.stdin)))
if not found:
    sys.exit("algofs status --json has no number " + sys.argv[1])
print(sum(found))' "$1"
}

# left_to_upload: how many files are to be uploaded, those included whose last try failed.
left_to_upload() {
    local pending failed
    pending=$(count_left pending) && failed=$(count_left failed) || fail "algofs status"
    echo $((pending + failed))
}

# drained: waits until nothing is left to upload.
drained() {
    local left
    plain && return
    touch_prefix
    for _ in $(seq "${DRAIN_TRIES:-600}"); do
        left=$(left_to_upload)
        [ "$left" != 0 ] || return 0
        sleep 0.1
    done
    algofs status || true
    fail "$left are still pending"
}

# flushed: algofs flush ends well, and then nothing is left to upload.
flushed() {
    plain && return
    algofs flush || { algofs status; fail "algofs flush exited with status $?"; }
    nothing_pending
}

# nothing_pending: nothing is left to upload, now.
nothing_pending() {
    plain && return
    local left
    left=$(left_to_upload)
    [ "$left" = 0 ] || { algofs status; fail "$left are pending"; }
}

# uploads PATTERN: how many PUTs the server has answered for paths that match the ERE.
uploads() { settle; count_requests PUT "$1"; }

# read_back: with a new and empty cache, the prefix has what the plain folder has.
read_back() {
    fresh_cache
    in_prefix diff -r "$C" "$PLAIN" || fail "with a new cache the prefix differs from the plain folder"
}
