#!/bin/bash
# SPDX-License-Identifier: MIT
# Two machines (two caches, one account) write the same file in turn, the same size, within a second or some: each
# sees what the other wrote last. The store's listings tell no versions and its times are whole seconds.
. "$(dirname "$0")/../lib-write.sh"
not_plain
export TTL=0
serve
ours=$ALGOFS_CACHE
fresh_cache
theirs=$ALGOFS_CACHE
we() { ALGOFS_CACHE=$ours in_prefix "$@"; }
they() { ALGOFS_CACHE=$theirs in_prefix "$@"; }
for pause in 0 0.5 1.5 3; do
    we sh -c "echo ours-$pause >$P/file"
    sleep "$pause"
    they sh -c "echo them-$pause >$P/file"
    expect "them-$pause" we cat "$P/file"
    expect "them-$pause" they cat "$P/file"
done
note "what nobody else wrote stays what it is: no second transfer of it, only looks at its version while it is new"
we sh -c "echo alone >$P/mine"
expect alone we cat "$P/mine"
expect alone we cat "$P/mine"
settle
expect_equal "GETs of the file" 0 "$(count_requests GET '/set/mine$')"
[ "$(count_requests HEAD '/set/mine$')" -gt 0 ] || fail "nobody looked whether it is still ours"
