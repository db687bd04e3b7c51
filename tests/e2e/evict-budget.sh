#!/bin/bash
# SPDX-License-Identifier: MIT
# Many files, more than the budget: the oldest go, all are read right, again and again, and what is open stays readable.
. "$(dirname "$0")/../lib.sh"
not_plain
for i in $(seq 40); do head -c 500000 /dev/urandom >"$SRC/f$i"; done
serve
export ALGOFS_CACHE_SIZE=5M P SRC
in_prefix bash -ec 'exec 9<"$P/f1"
for round in 1 2 3; do for f in "$P"/f*; do cmp "$f" "$SRC/${f##*/}"; done; done
cmp - "$SRC/f1" <&9' || fail "a file that was evicted is read wrong"
for _ in $(seq 600); do
    kib=$(du -s "$ALGOFS_CACHE" | cut -f1)
    [ "$kib" -gt 7000 ] || break
    sleep 0.1
done
[ "$kib" -le 7000 ] || fail "$kib KiB in a cache of 5 MiB"
for _ in $(seq 300); do # said when it is done
    ! grep -q 'evicted [0-9]* files' "$(agent_log)" || break
    sleep 0.1
done
log_line 'evicted [0-9]+ files'
