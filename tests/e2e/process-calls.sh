#!/bin/bash
# SPDX-License-Identifier: MIT
# Processes, descriptors and signals: each thing does on a cold prefix what it does on a plain folder.
. "$(dirname "$0")/../lib-write.sh"
require ps
need_helper process
user_dir "$REMOTE" "$PLAIN"
echo small >"$PLAIN/small"
seq 800000 >"$PLAIN/big" # more than 4 MiB: fetched in parts
cp "$PLAIN/small" "$PLAIN/big" "$REMOTE/"
serve_collection
try() { # WHAT [MORE]: in both places, with a new cache
    note "$*"
    fresh_cache
    export PROCESS=$HELPERS/process WHAT=$1 MORE=${2:-} LIMIT=${LIMIT:-}
    # shellcheck disable=SC2016 # the script sees DIR
    both bash -c '. /dev/stdin' <<<'exec 2>&1; ${LIMIT:+ulimit -n $LIMIT}; exec "$PROCESS" "$WHAT" "$DIR" $MORE'
}
for what in cleared storm threads raw spawned jumping cancelled file-size close-in-handler broken-pipe daemon; do
    try "$what"
done
for how in range unshare from loop list; do try closing "$how"; done
for most in 16 300 65536 1048576; do try limit "$most"; done
for how in interrupt restart; do try signals "$how"; done
