#!/bin/bash
# SPDX-License-Identifier: MIT
# O_EXCL between two machines (two caches, two agents) on S3: exclusive where the store honours conditions, from the first
# file on; where it does not, nothing that is there is lost by trying. No other write is conditional: the last writer wins.
. "$(dirname "$0")/../lib.sh"
not_plain
for name in $(compgen -e); do case $name in AWS_*) unset "$name" ;; esac; done
URL=http://127.0.0.1:1
unset ALGORITHMIA_API ALGORITHMIA_API_KEY
TTL=inf
export ALGOFS_CONFIG=$T/config P=/algo/store

# start MODE: a store, and two machines, A and B, that have both seen it empty and believe that for ever.
start() {
    LOG=$T/requests.$1
    : >"$LOG"
    "$PYTHON" "$TESTS/e2e/libs3stub.py" "$LOG" "$1" >"$T/stub.$1" 2>"$T/stub.err.$1" </dev/null &
    server_pids+=("$!")
    for _ in $(seq 600); do [ ! -s "$T/stub.$1" ] || break; sleep 0.1; done
    [ -s "$T/stub.$1" ] || fail "the stub did not start: $(cat "$T/stub.err.$1")"
    printf '[store]\ntype = s3\nbucket = b\naddressing = path\naccess_key_id = AKIDx\nsecret_access_key = SECRETx\nendpoint = %s\n' \
        "$(cat "$T/stub.$1")" >"$ALGOFS_CONFIG"
    chmod 600 "$ALGOFS_CONFIG"
    [ "$(id -u)" != 0 ] || chown 65534 "$ALGOFS_CONFIG"
    use_prefix
    P=/algo/store
    unset ALGORITHMIA_API ALGORITHMIA_API_KEY
    A=$ALGOFS_CACHE
    fresh_cache
    B=$ALGOFS_CACHE
    on "$A" ls "$P" >"$T/a"
    on "$B" ls "$P" >"$T/b"
    [ ! -s "$T/a" ] && [ ! -s "$T/b" ] || fail "the store is not empty at first"
}
on() { local cache=$1; shift; ALGOFS_CACHE=$cache in_prefix "$@"; }
# shellcheck disable=SC2016  # for the inner shell
make_exclusively() { on "$1" bash -c 'set -C; echo "$2" >"$1"' sh "$P/$2" "$3"; }

note "a store that honours them: the very first file of two agents"
start honour
make_exclusively "$A" lock a || fail "the first"
expect_failure 'File exists|cannot overwrite' make_exclusively "$B" lock b
expect a on "$B" cat "$P/lock"
make_exclusively "$B" other b || fail "another name"
expect_failure 'File exists|cannot overwrite' make_exclusively "$A" other a
grep -q '^PUT /b/lock .* If-None-Match:\* 200$' "$LOG" || { cat "$LOG"; fail "it was not made by a condition"; }

note "a race"
race() { on "$1" "$PYTHON" -c '
import os, sys
for i in range(10):
    try:
        fd = os.open("%s/race%d" % (sys.argv[1], i), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        continue
    os.write(fd, sys.argv[2].encode())
    os.close(fd)
    print(i)' "$P" "$2" >"$T/won.$2"; }
race "$A" a & first=$!
race "$B" b & second=$!
wait "$first" || fail "the first machine"
wait "$second" || fail "the second machine"
expect_equal "names that were won" "$(seq 0 9)" "$(sort -n "$T/won.a" "$T/won.b")"

note "all else replaces what is there"
: >"$LOG"
on "$A" sh -c 'echo again >"$0"' "$P/other"
if grep '^PUT .* If-' "$LOG"; then fail "a write with a condition"; fi
fresh_cache
expect again on "$ALGOFS_CACHE" cat "$P/other"
for i in a b; do
    while read -r n; do expect "$i" on "$ALGOFS_CACHE" cat "$P/race$n"; done <"$T/won.$i"
done

note "a store that does not: no error, no probe is left, and nobody's bytes go before there are others"
start ignore
make_exclusively "$A" lock a || fail "the first"
on "$B" "$PYTHON" - "$P/lock" "$LOG" <<'PY' || fail "B"
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_EXCL)
puts = [line for line in open(sys.argv[2]) if line.startswith("PUT /b/lock ")]
assert len(puts) == 1, puts # that of A
os.write(fd, b"b\n")
os.close(fd)
PY
fresh_cache
expect b on "$ALGOFS_CACHE" cat "$P/lock"
expect lock on "$ALGOFS_CACHE" ls -A "$P"
expect_equal "probes that were removed" "$(grep -c '^PUT .*algofs-condition-probe' "$LOG")" "$(grep -c '^DELETE .*algofs-condition-probe' "$LOG")"
