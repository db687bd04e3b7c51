#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs without libc.so, which no shim serves: busybox, a static C program, a static Go program. They read,
# write, list and rename on the mount; sums equal the source.
ALGOFS_TEST_MOUNT=1
. "$(dirname "$0")/../lib-write.sh"
make_tree 40
serve_collection
user_dir "$T/build"
shown=
# is_static PROGRAM: it has no interpreter.
is_static() { ! readelf -lW "$1" | grep -q INTERP || fail "$1 is not static"; }

busybox=$(command -v busybox || true)
if [ -n "$busybox" ] && ! readelf -lW "$busybox" | grep -q INTERP; then
    note "busybox"
    (cd "$SRC" && find . -type f ! -path './c/*' -print0 | sort -z) >"$T/list"
    (cd "$SRC" && xargs -0 "$busybox" md5sum <"$T/list") >"$T/want"
    # shellcheck disable=SC2016  # for the inner shell
    as_user sh -c 'cd "$1" && "$3" xargs -0 "$3" md5sum <"$2"' sh "$P" "$T/list" "$busybox" >"$T/got"
    expect_same "$T/want" "$T/got"
    # shellcheck disable=SC2016
    as_user "$busybox" sh -eu -c '
        cd "$1"
        "$0" seq 1000 >written
        "$0" cp written copied
        "$0" mkdir folder
        "$0" mv copied folder/moved
        "$0" dd if=written of=part bs=100 count=3 2>/dev/null
        printf more >>written
        "$0" ln written link 2>/dev/null && exit 9
        "$0" rm part
        "$0" ls -R . ' "$busybox" "$C" >"$T/listed"
    expect "$(printf '.:\nfolder\nwritten\n\n./folder:\nmoved')" cat "$T/listed"
    expect_equal "what busybox wrote" "$(seq 1000; printf more)" "$(cat "$REMOTE/written")"
    expect_equal "what busybox moved" "$(seq 1000)" "$(cat "$REMOTE/folder/moved")"
    not_at_server part
    rm -rf "${REMOTE:?}"/*
    shown+=" busybox"
else
    note "there is no static busybox"
fi

program() { # program NAME FILE: runs a static program of ours
    is_static "$2"
    note "$1"
    "$2" "$SRC" read >"$T/want"
    as_user timeout 250 "$2" "$P" read >"$T/got"
    [ "$(wc -l <"$T/want")" -ge 40 ] || fail "too little was read"
    expect_same "$T/want" "$T/got"
    fresh_cache
    as_user timeout 250 "$2" "$C" write >"$T/got" || fail "$1 cannot write: $(cat "$T/got")"
    expect_equal "what $1 renamed" "written by a static program" "$(cat "$REMOTE/folder/renamed")"
    expect_equal "what is there" "folder folder/renamed" "$(cd "$REMOTE" && echo $(find . -mindepth 1 | sed 's|^./||' | sort))"
    rm -rf "${REMOTE:?}"/*
    fresh_cache
    shown+=" $1"
}

note "C, linked statically"
gcc -static -O1 -D_GNU_SOURCE -o "$T/build/static-c" "$TESTS/mount/libstatic.c"
program C "$T/build/static-c"

go=$(command -v go || ls /usr/lib/go-*/bin/go /usr/local/go/bin/go 2>/dev/null | head -n 1 || true)
if [ -n "$go" ]; then
    cp "$TESTS/mount/libstatic.go" "$T/build/main.go"
    (cd "$T/build" && CGO_ENABLED=0 GO111MODULE=off GOCACHE=$T/gocache GOPATH=$T/gopath GOTOOLCHAIN=local \
        "$go" build -o static-go main.go) || fail "go build"
    program Go "$T/build/static-go"
else
    note "there is no Go compiler: Go is not shown"
fi
note "shown:$shown"
