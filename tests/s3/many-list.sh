#!/bin/bash
# SPDX-License-Identifier: MIT
# Many keys, listed by a program: every name is there, and what the agent uses of memory is said and bounded.
#
#     KEYS=100000 tests/run -t 7200 s3/many-list      the long form
. "$(dirname "$0")/lib-e2e.sh"
KEYS=${KEYS:-3500}
LIMIT_KIB=$((200 * 1024))
serve_s3
echo "metadata = listing" >>"$T/config" # the keys are rows of the store's database alone: a HEAD would find no object
"$PYTHON" -c 'import swift.container.backend' || skip "no swift for $PYTHON"

seq -f 'flat/k%06g' "$KEYS" >"$T/keys"
"$PYTHON" "$TESTS/s3/libfill.py" "$swift_dir" "$S3_BUCKET" <"$T/keys" || fail "the keys could not be made"
sed 's|^flat/||' "$T/keys" | LC_ALL=C sort >"$T/want"
started=$(date +%s)
in_prefix ls -f "$P/flat" | sed '/^\.\.\?$/d' | LC_ALL=C sort >"$T/got"
note "$KEYS keys listed in $(($(date +%s) - started)) s"
expect_same "$T/want" "$T/got"

most=0
for pid in $(agent_pids); do
    kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
    [ "$kib" -le "$most" ] || most=$kib
done
note "VmHWM of the agent: $most KiB"
[ "$most" -gt 0 ] || fail "no agent was found"
[ -n "${ALGOFS_SANITIZED:-}" ] || [ "$most" -lt "$LIMIT_KIB" ] || fail "more than $LIMIT_KIB KiB"
