#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads and forked children read the same cold tree at once, each of them right.
. "$(dirname "$0")/../lib.sh"
need_helper fork-threads
make_tree 250 --big 30000000
serve
tree_names >"$T/names"
in_prefix "$HELPERS/fork-threads" "$P" "$SRC" "$T/names"
