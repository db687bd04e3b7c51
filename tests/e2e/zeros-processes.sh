#!/bin/bash
# SPDX-License-Identifier: MIT
# Every process that gets at a descriptor of a large file that is not here yet reads its bytes, never zeros.
. "$(dirname "$0")/../lib.sh"
. "$TESTS/e2e/lib-zeros.sh"
need_helper zeros-processes
make_object
if gcc -static -D_GNU_SOURCE -O1 "$TESTS/helpers/zeros-processes.c" -o "$T/zeros-static" 2>/dev/null; then
    export ZEROS_STATIC=$T/zeros-static
fi
each_way zeros-processes
