#!/bin/bash
# SPDX-License-Identifier: MIT
# Writing, and the model test on the mount: end-to-end tests once more, without the shim. MOUNT_ALL=1: all that mean something there.
. "$(dirname "$0")/libagain.sh"
again e2e/write-open e2e/write-calls e2e/write-attributes e2e/write-descriptors e2e/write-python-open \
    e2e/write-shell e2e/write-rename
MODEL_OPS=${MODEL_OPS:-60} SEEDS=${SEED:-7} again write/model
MODEL_BOTH=1 MODEL_OPS=${MODEL_OPS:-60} SEEDS=${SEED:-8} again write/model # and the shim beside it
[ -n "${MOUNT_ALL:-}" ] || exit 0
again e2e/write-big e2e/write-fault-names e2e/write-mmap e2e/write-parallel e2e/write-partial \
    e2e/write-replace e2e/write-restart e2e/write-stdio e2e/write-sync e2e/write-unlinked
