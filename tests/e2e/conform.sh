#!/bin/bash
# SPDX-License-Identifier: MIT
# Errors as POSIX and the manual pages have them: some thousand calls in the prefix say what they say on a plain
# folder, for an ordinary user and, where the test runs as root, for root. PART: only that part of the helper.
. "$(dirname "$0")/../lib-write.sh"
not_plain
need_helper conform
export ALGOFS_WRITEBACK=async
serve_collection
for who in user privileged; do
    if [ "$who" = privileged ]; then # an agent serves its own user only
        algofs stop >/dev/null
        keep_privileges
        fresh_cache
    fi
    note "as $(as_user id -un)"
    as_user mkdir "$PLAIN/$who"
    in_prefix mkdir "$C/$who"
    as_user "$HELPERS/conform" "$PLAIN/$who" ${PART:-} >"$T/want"
    in_prefix "$HELPERS/conform" "$C/$who" ${PART:-} >"$T/got" || fail "the program ended with $?: $(tail -1 "$T/got")"
    [ -n "${PART:-}" ] || [ "$(wc -l <"$T/want")" -gt 3000 ] || fail "too little was asked"
    diff "$T/want" "$T/got" >"$T/difference" ||
        { head -60 "$T/difference"; fail "$(grep -c '^>' "$T/difference") answers differ"; }
    [ "$(id -u)" = 0 ] || break
done
