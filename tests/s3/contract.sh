#!/bin/bash
# SPDX-License-Identifier: MIT
# The contract of core/remote/remote.h over S3: OpenStack Swift, with and without faults.
. "$(dirname "$0")/lib-s3.sh"
start_swift
as_user "$BUILD/unit/core/remote/test-contract" s3 >"$T/out" 2>&1 || { grep -vE '^\[ (RUN|  *OK)' "$T/out"; fail "the contract over Swift"; }
grep -q 'PASSED' "$T/out" || fail "nothing was tested"
rc lsf -R "store:$S3_BUCKET" >"$T/left"
[ ! -s "$T/left" ] || { cat "$T/left"; fail "the suite leaves objects"; }
