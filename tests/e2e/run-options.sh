#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs-run's options: --prefix, --api, --cache, --stats, --help, and a clear word on what is wrong.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/file"
serve
expect hello algofs_run --prefix /elsewhere -- cat /elsewhere/data/set/file
expect_failure 'No such file' algofs_run --prefix /elsewhere -- cat "$P/file"
other=$T/other-cache
user_dir "$other"
chmod 700 "$other"
caches+=("$other")
expect hello algofs_run --cache "$other" -- cat "$P/file"
[ -n "$(ls -A "$other")" ] || fail "--cache was not used"
url=$ALGORITHMIA_API
expect hello env -u ALGORITHMIA_API "${ORDINARY[@]}" "$BUILD/bin/algofs-run" --api "$url" -- cat "$P/file"
algofs_run --stats -- cat "$P/file" >"$T/out" 2>"$T/stats"
expect_same "$SRC/file" "$T/out"
[ -s "$T/stats" ] || fail "--stats prints nothing"
algofs_run --help >"$T/out" || fail "--help"
for option in --prefix --local --api --cache --stats; do
    grep -q -e "$option" "$T/out" || fail "--help does not mention $option"
done
expect_failure 'nonsense' algofs_run --nonsense -- true
expect_failure 'usage|command|COMMAND|--help' algofs_run
expect_failure 'prefix' algofs_run --prefix relative -- true
# Options of the command are the command's.
expect "--stats" algofs_run echo --stats
