#!/bin/bash
# SPDX-License-Identifier: MIT
# Reading on the mount: end-to-end tests once more, without the shim. MOUNT_ALL=1: all that mean something there.
. "$(dirname "$0")/libagain.sh"
again e2e/read-cat e2e/read-mmap e2e/read-sendfile e2e/read-copy-file-range e2e/calls e2e/meta-find \
    e2e/process-gcc e2e/requests-replaced \
    e2e/slow-first-bytes
ZEROS_MB=5 again e2e/zeros-calls
[ -n "${MOUNT_ALL:-}" ] || exit 0
again e2e/zeros-processes e2e/zeros-programs e2e/error-server e2e/requests-shared e2e/meta-ls e2e/process-spawn e2e/read-cp e2e/read-dd e2e/read-inherited e2e/read-numpy e2e/read-python-open e2e/read-python-raw \
    e2e/read-redirect e2e/read-splice e2e/read-stdio e2e/read-tar e2e/meta-du e2e/meta-stat e2e/agent-killed \
    e2e/cwd-shell e2e/error-cached e2e/loader e2e/process-fork e2e/process-python e2e/python-errors \
    e2e/python-import e2e/python-walk e2e/requests-cold e2e/requests-pages e2e/requests-ttl e2e/slow-no-range \
    e2e/slow-random e2e/slow-tree
