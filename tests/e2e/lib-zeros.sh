# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The zeros gate: a hole is never read as zeros. ZEROS_MB is the size of each object (6); above 4 MiB a file
# is fetched in parts, and each way of reading meets one that is not here yet.
# shellcheck disable=SC2154  # set by lib.sh
export LC_ALL=C

# make_object: $T/object, lines of text without a NUL.
make_object() { head -c $((${ZEROS_MB:-6} * 776000)) /dev/urandom | base64 >"$T/object"; }

# each_way HELPER: its ways, each on an object of its own.
each_way() {
    local way want got status wrong=
    want=$("$HELPERS/zeros-processes" hash-path "$T/object")
    for way in $("$HELPERS/$1" list); do ln "$T/object" "$SRC/$way"; done
    serve
    for way in $("$HELPERS/$1" list); do
        status=0
        got=$(in_prefix "$HELPERS/$1" "$way" "$P/$way" 2>&1) || status=$?
        if on_mount && [[ $got = *'Invalid cross-device link'* ]]; then
            note "$way: not shown: the mount is another file system than where it copies to"
        elif [ "$status" = 77 ]; then
            note "$way: not shown: $got"
        elif [ "$status" != 0 ] || [ "$got" != "$want" ]; then
            echo "$way: status $status, $got instead of $want"
            wrong+=" $way"
        fi
        plain || rm -f "$ALGOFS_CACHE"/*/tree/data/set/"$way" # its bytes are not needed any more
    done
    [ -z "$wrong" ] || fail "wrong:$wrong"
}
