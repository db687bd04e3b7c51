# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the shell tests share. A test sources this first; it sets -eu and pipefail, makes $T (the test's
# own temporary folder) and $SRC (the plain folder that the server will serve), and cleans up at exit.
#
#     . "$(dirname "$0")/../lib.sh"
#     echo hello > "$SRC/greeting"
#     serve                                   # algofs-server over $SRC, environment set, $P = its place
#     expect hello in_prefix cat "$P/greeting"
#
# Everything under test runs as an ordinary user: when the tests run as root, as_user and in_prefix drop
# to uid 65534 without any capability and, where the kernel lets them, with /dev/fuse covered up.
# A folder that such a command writes into is made by `user_dir`.
#
# ALGOFS_TEST_MOUNT=1 runs a test on an algofs mount instead of the shim ($P is below $T/mnt), in a mount
# namespace of its own where root runs it; where that cannot be, it is skipped. lib-mount.sh does it.
#
# ALGOFS_TEST_PLAIN=1 runs a test on the plain folder, without server and shim ($P is $SRC): it shows
# that the test itself is right. A test that makes no sense there calls `not_plain`.

set -eu -o pipefail
umask 022
TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib-mount.sh
. "$TESTS/lib-mount.sh"
BUILD=$(realpath "${BUILD:-$TESTS/../build}")
PYTHON=/usr/bin/python3
KEY=simSECRETsecretSECRETsecret1
T=${TMPDIR:-}
if [ -z "$T" ] || [ "$T" = /tmp ]; then
    T=$(mktemp -d /tmp/algofs-test.XXXXXX)
    chmod 755 "$T"
    OWN_T=1
fi
SRC=$T/src
P=/algo/data/set
! on_mount || P=$T/mnt/data/set
HELPERS=$BUILD/helpers
server_pids=()
caches=()
SERVER_LOG=

mkdir "$SRC"
for name in $(compgen -e); do
    case $name in ALGORITHMIA_*|ALGOFS_TEST_PLAIN|ALGOFS_TEST_MOUNT|ALGOFS_TEST_S3|ALGOFS_SANITIZED|LD_PRELOAD) ;; ALGOFS_*) unset "$name" ;; esac
done
unset LD_PRELOAD XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME ALGORITHMIA_API ALGORITHMIA_API_KEY
unset PYTHONHOME PYTHONPATH
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 HOME=$T/home TMPDIR=$T
export GIT_CONFIG_NOSYSTEM=1

fail() { echo "FAIL: $*" >&2; exit 1; }
skip() { echo "$*"; exit 77; }
note() { echo "-- $*"; }

# require CMD...: skips the test where a command is missing.
require() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

# need_helper NAME: the C program tests/helpers/NAME.c is built.
need_helper() { [ -x "$HELPERS/$1" ] || fail "$HELPERS/$1 is not built: run make unit"; }

plain() { [ "${ALGOFS_TEST_PLAIN:-}" = 1 ]; }
not_plain() { plain && skip "has nothing to compare on a plain folder"; return 0; }

# --- the ordinary user -------------------------------------------------------------------------

ORDINARY=()
if on_mount; then
    ORDINARY=("${MOUNT_USER[@]}") # fusermount3 is setuid, and needs what the others must not have
elif [ "$(id -u)" = 0 ]; then
    ORDINARY=(setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all
              --inh-caps=-all)
    if [ -e /dev/fuse ]; then
        if unshare -m mount --bind /dev/null /dev/fuse 2>/dev/null; then
            # shellcheck disable=SC2016  # for the inner shell
            ORDINARY=(unshare -m sh -c 'mount --bind /dev/null /dev/fuse && exec "$@"' sh "${ORDINARY[@]}")
        else
            note "/dev/fuse cannot be hidden here"
        fi
    fi
fi

# as_user CMD...: runs CMD as the ordinary user, without the shim.
as_user() { "${ORDINARY[@]}" "$@"; }

# user_dir DIR...: makes folders that the ordinary user owns.
user_dir() {
    mkdir -p "$@"
    [ ${#ORDINARY[@]} = 0 ] || chown 65534:65534 "$@"
}

# keep_privileges: from here on, commands run as who started the test.
keep_privileges() { ORDINARY=(); }

user_dir "$HOME"
# The build may stand in a folder that only its owner can enter: then use a copy.
if ! as_user test -x "$BUILD/bin" 2>/dev/null && [ -d "$BUILD/bin" ]; then
    mkdir -p "$T/build"
    for part in bin lib helpers; do
        [ ! -d "$BUILD/$part" ] || cp -r "$BUILD/$part" "$T/build/"
    done
    BUILD=$T/build
    HELPERS=$BUILD/helpers
fi
# shellcheck disable=SC2034  # for the tests
LIB=$BUILD/lib/libalgofs.so

# --- server, prefix, agent ---------------------------------------------------------------------

# start_server [OPTION...]: starts a server for KEY over $SRC as data://set; sets URL, SERVER_PID, SERVER_LOG.
start_server() {
    plain && return
    [ -x "$BUILD/bin/algofs-server" ] || fail "algofs-server is not built: run make"
    local n=${#server_pids[@]} key=(--key "$KEY") option out
    for option in "$@"; do [ "$option" != --key ] || key=(); done
    SERVER_LOG=$T/server.$n.log
    out=$T/server.$n.out
    mkdir "$T/root.$n"
    : >"$out" # it is read before the server has opened it
    "$BUILD/bin/algofs-server" --root "$T/root.$n" --listen 127.0.0.1:0 "${key[@]}" --user set \
        --home "set=$SRC" --log "$SERVER_LOG" "$@" >"$out" 2>"$out.err" </dev/null &
    SERVER_PID=$!
    server_pids+=("$SERVER_PID")
    for _ in $(seq 1200); do
        URL=$(sed -n '1s/^listening on \(http:.*\)/\1/p' "$out")
        [ -z "$URL" ] || return 0
        kill -0 "$SERVER_PID" 2>/dev/null || break
        sleep 0.05
    done
    cat "$out" "$out.err" >&2
    fail "algofs-server did not start"
}

# stop_server PID: and waits for it.
stop_server() { kill "$1"; wait "$1" 2>/dev/null || true; }

# use_prefix: points the environment at the running server, with a cache of its own, still empty.
use_prefix() {
    if plain; then P=$SRC; return; fi
    [ -e "$LIB" ] || fail "libalgofs.so is not built: run make"
    export ALGORITHMIA_API=${URL:-http://127.0.0.1:1} ALGORITHMIA_API_KEY=$KEY ALGOFS_TTL=${TTL:-inf}
    fresh_cache
}

# fresh_cache: from here on, commands in the prefix use a new and empty cache (and so a new agent).
fresh_cache() {
    plain && return
    export ALGOFS_CACHE=$T/c${#caches[@]}
    user_dir "$ALGOFS_CACHE"
    chmod 700 "$ALGOFS_CACHE"
    caches+=("$ALGOFS_CACHE")
    ! on_mount || mount_prefix
}

# serve [SERVER OPTION...]: a server over $SRC, and the environment to reach it.
# With ALGOFS_TEST_S3=1 (tests/s3/again-read.sh) $SRC is in a bucket instead.
serve() {
    if [ "${ALGOFS_TEST_S3:-}" = 1 ]; then
        . "$TESTS/s3/lib-onto.sh"
        serve_onto_s3
    else
        start_server "$@"
        use_prefix
    fi
}

# in_prefix CMD...: runs CMD as the ordinary user with the shim. `NAME=value` words may come first.
in_prefix() {
    if plain || on_mount; then as_user env "$@"; else as_user env LD_PRELOAD="$LIB" /usr/bin/env "$@"; fi # the second env finds commands in the prefix
}

algofs() { as_user "$BUILD/bin/algofs" "$@"; }
algofs_run() { as_user "$BUILD/bin/algofs-run" "$@"; }

# agent_pids: the agents that serve ALGOFS_CACHE, one pid a line. An agent is `…/algofs-agent --cache DIR`.
agent_pids() {
    local dir
    for dir in /proc/[0-9]*; do
        tr '\0' '\n' 2>/dev/null <"$dir/cmdline" |
            awk -v cache="$ALGOFS_CACHE" 'NR == 1 && /algofs-agent$/ { agent = 1 } $0 == cache { ours = 1 }
                END { exit !(agent && ours) }' && echo "${dir#/proc/}"
    done
    return 0
}

# agents_are N: waits a little until that many agents serve ALGOFS_CACHE.
agents_are() {
    local n
    for _ in $(seq 300); do
        n=$(agent_pids | wc -l)
        [ "$n" != "$1" ] || return 0
        sleep 0.1
    done
    fail "$n agents instead of $1: $(agent_pids | tr '\n' ' ')"
}

# agent_log: the log of the agent of ALGOFS_CACHE.
agent_log() { echo "$ALGOFS_CACHE/agent.log"; }

# settle: waits until the server has logged what it answered (it does so after the client has the answer).
settle() {
    local before
    for _ in $(seq 30); do
        before=$(stat -c %s "$SERVER_LOG")
        sleep 0.4
        [ "$before" != "$(stat -c %s "$SERVER_LOG")" ] || return 0
    done
}

# log_line PATTERN: the agent's log has a line that matches the ERE.
log_line() { grep -qE -e "$1" "$(agent_log)" || { cat "$(agent_log)"; fail "no line in the agent's log like: $1"; }; }

# count_requests METHOD PATTERN: how many requests of that method have a path that matches the ERE.
count_requests() {
    awk -v method="$1" -v pattern="$2" '$2 == method && $3 ~ pattern { n++ } END { print n + 0 }' "$SERVER_LOG"
}

# --- comparing ---------------------------------------------------------------------------------

# expect TEXT CMD...: CMD succeeds and prints TEXT.
expect() {
    local want=$1 got
    shift
    got=$("$@") || fail "$* exited with status $?, printed: $got"
    [ "$got" = "$want" ] || fail "$* printed:
$got
instead of:
$want"
}

# expect_failure PATTERN CMD...: CMD fails and its output matches the ERE.
expect_failure() {
    local pattern=$1 got
    shift
    if got=$("$@" 2>&1); then fail "$* succeeded, and should say $pattern; it printed: $got"; fi
    grep -qE -e "$pattern" <<<"$got" || fail "$* said: $got
instead of: $pattern"
}

# expect_equal WHAT WANT GOT
expect_equal() { [ "$2" = "$3" ] || fail "$1: $3 instead of $2"; }

# expect_same FILE FILE: two text files are the same.
expect_same() { diff -u -- "$1" "$2" || fail "$1 and $2 differ"; }

# make_tree COUNT [OPTION...]: fills $SRC with awkward files; sums in $T/sums.json.
# TREE_MAX: no more files than that.
make_tree() {
    local count=$1
    shift
    [ -z "${TREE_MAX:-}" ] || [ "$count" -le "$TREE_MAX" ] || count=$TREE_MAX
    "$PYTHON" "$TESTS/lib-tree.py" make "$SRC" "$T/sums.json" --count "$count" "$@"
}

# check_tree DIR: every file of the tree is in DIR, byte for byte, and nothing else.
check_tree() { "$PYTHON" "$TESTS/lib-tree.py" check "$1" "$T/sums.json" || fail "$1 is not what was served"; }

# tree_names: the files of the tree, relative, each ended by a NUL.
tree_names() { "$PYTHON" "$TESTS/lib-tree.py" names "$T/sums.json"; }

# in_tree_each SCRIPT: runs the bash SCRIPT in the prefix for every file of the tree, as $f, with the
# folder of $OUT/$f made. The working directory is outside the prefix; the file is "$P/$f".
in_tree_each() {
    user_dir "$T/out"
    OUT=$T/out
    tree_names >"$T/names"
    export P OUT
    in_prefix bash -euc 'while IFS= read -r -d "" f <&9; do
        case $f in */*) mkdir -p -- "$OUT/${f%/*}" ;; esac
        '"$1"'
    done 9<"$0"' "$T/names"
}

# --- the end -----------------------------------------------------------------------------------

clean_up() {
    local status=$? cache log pid
    trap - EXIT
    set +e
    cd /
    end_mounts
    for cache in "${caches[@]}"; do
        if [ -n "$(ls -A "$cache" 2>/dev/null)" ] && [ -x "$BUILD/bin/algofs" ]; then
            ALGOFS_CACHE=$cache algofs stop >"$T/stop.out" 2>&1 || cat "$T/stop.out"
        fi
        log=$cache/agent.log
        if grep -qsF -e "$KEY" "$log"; then echo "FAIL: the key is in $log"; status=1; fi
        if grep -qsE 'Sanitizer|runtime error:' "$log"; then cat "$log"; status=1; fi
        if [ "$status" != 0 ] && [ "$status" != 77 ] && [ -s "$log" ]; then
            echo "-- end of $log:"; tail -n 30 "$log"
        fi
    done
    for pid in "${server_pids[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${server_pids[@]}"; do wait "$pid" 2>/dev/null; done
    if grep -qsE 'Sanitizer|runtime error:' "$T"/server.*.err; then cat "$T"/server.*.err; status=1; fi
    [ -z "${OWN_T:-}" ] || [ "${KEEP:-}" = 1 ] || rm -rf "$T"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
