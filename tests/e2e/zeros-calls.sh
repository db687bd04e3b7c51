#!/bin/bash
# SPDX-License-Identifier: MIT
# Every call that reads a large file that is not here yet gives its bytes, never zeros.
. "$(dirname "$0")/../lib.sh"
. "$TESTS/e2e/lib-zeros.sh"
need_helper zeros
make_object
each_way zeros
