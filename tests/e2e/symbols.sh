#!/bin/bash
# SPDX-License-Identifier: MIT
# Every wrapped symbol: its probe (tests/symbols/rows.def) says in the prefix, outside it, and in a folder that is
# not there, what it says without the shim on a plain folder. Called by label, and by name from programs
# built with _FORTIFY_SOURCE=3 and with _FILE_OFFSET_BITS=64.
. "$(dirname "$0")/../lib-write.sh"
not_plain
export ALGOFS_WRITEBACK=async
serve_collection
user_dir "$T/outside"
for program in probe probe-fortify probe-lfs; do
    note "$program"
    need_helper "$program"
    as_user mkdir "$PLAIN/$program"
    in_prefix mkdir "$C/$program"
    as_user "$HELPERS/$program" "$PLAIN/$program" "$T/outside" ${SYMBOL:-} >"$T/want" 2>"$T/want.err" </dev/null
    in_prefix "$HELPERS/$program" "$C/$program" "$T/outside" ${SYMBOL:-} >"$T/got" 2>"$T/got.err" </dev/null ||
        fail "$program ended with $?: $(tail -1 "$T/got")"
    [ -n "${SYMBOL:-}" ] || [ "$(wc -l <"$T/want")" -gt 700 ] || fail "too little was asked"
    diff "$T/want" "$T/got" >"$T/difference" ||
        { head -60 "$T/difference"; fail "$(grep -c '^>' "$T/difference") answers differ"; }
done
