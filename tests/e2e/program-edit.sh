#!/bin/bash
# SPDX-License-Identifier: MIT
# ed and vim save files in the prefix: new ones, old ones, with backup and swap files.
. "$(dirname "$0")/../lib-write.sh"
command -v ed >/dev/null || command -v vim >/dev/null || skip "neither ed nor vim is installed"
serve_collection
seq 100 >"$PLAIN/old"
cp "$PLAIN/old" "$REMOTE/old"
[ "$(id -u)" != 0 ] || chown 65534 "$PLAIN/old" "$REMOTE/old"
if command -v ed >/dev/null; then
    note ed
    both bash -eu <<'END'
cd "$DIR"
printf '%s\n' a 'a new file' . w q | ed -s by-ed || echo failed
printf '%s\n' '/50/s/$/ fifty/' 1d w q | ed -s old
printf '%s\n' '$a' 'the last' . wq | ed -s old
cat by-ed; tail -n 2 old
END
fi
if command -v vim >/dev/null; then
    for options in "" "set backup" "set backupcopy=yes backup" "set backupcopy=no writebackup" "set nowritebackup" "set fsync"; do
        note "vim, $options"
        both env OPTIONS="$options" bash -eu <<'END'
cd "$DIR"
vim -u NONE -es --cmd "set backupskip=" -c "${OPTIONS:-set ro!}" -c 'normal ggOby vim' -c 'normal Goat the end' -c 'w!' -c 'q!' old </dev/null || echo failed
vim -u NONE -es --cmd "set backupskip=" -c "${OPTIONS:-set ro!}" -c 'normal ia new file' -c w -c q "new $OPTIONS" </dev/null || echo failed
head -n 1 old; cat "new $OPTIONS"; ls -A
END
    done
    grep -q 'by vim' "$T/want" || { cat "$T/want"; fail "the test itself is wrong"; }
fi
drained
same_at_server
read_back
