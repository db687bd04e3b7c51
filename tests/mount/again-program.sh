#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs on the mount: end-to-end tests once more, without the shim. MOUNT_ALL=1: all that mean something there.
. "$(dirname "$0")/libagain.sh"
again e2e/program-git e2e/program-sed e2e/program-sqlite e2e/program-make
[ -n "${MOUNT_ALL:-}" ] || exit 0
again e2e/program-edit e2e/program-numpy e2e/program-rsync e2e/program-tar e2e/process-git
