#!/bin/bash
# SPDX-License-Identifier: MIT
# Hostile names in a listing touch nothing outside the tree; the other files work; the log says it.
. "$(dirname "$0")/../lib.sh"
not_plain
echo hello >"$SRC/good"
mkdir "$SRC/dir"
escape=algofs-escape-$$
"$PYTHON" - "$T/names.json" $escape <<'END'
import json, sys
name = sys.argv[2]
bad = ["..", ".", "", "a/b", "/", "n" * 300, "../" + name, "/tmp/" + name, "dir/../../" + name]
bad += ["../" * up + name for up in range(2, 9)]
names = bad + [{"name": each, "dir": True} for each in bad] + [{"json": "nul\\u0000byte"}, {"json": "\\u0000"}]
json.dump(names, open(sys.argv[1], "w"))
END
outside() { find "$T" -path "$ALGOFS_CACHE" -prune -o -path "$T/server*" -prune -o -print | sort; }
serve --fault "names=$T/names.json"
outside >"$T/before"
in_prefix ls -laR "$P" >"$T/home/ls" 2>&1 || { cat "$T/home/ls"; fail "ls failed"; }
rm "$T/home/ls"
expect hello in_prefix cat "$P/good"
in_prefix find "$P" -mindepth 1 -printf '%P\n' | sort >"$T/home/found"
printf 'dir\ngood\n' >"$T/home/want"
diff "$T/home/want" "$T/home/found" || fail "other names are shown"
rm "$T/home/found" "$T/home/want"
for name in a/b ../$escape "$(printf 'n%.0s' $(seq 300))"; do
    if in_prefix cat "$P/$name" >/dev/null 2>&1; then fail "$name can be read"; fi
done
outside >"$T/after"
expect_same <(grep -v after "$T/before") <(grep -v after "$T/after")
[ -z "$(find / -xdev -maxdepth 3 -name $escape 2>/dev/null)" ] || fail "it escaped: $(find / -xdev -maxdepth 3 -name $escape)"
[ -z "$(find "$ALGOFS_CACHE" -name $escape)" ] || fail "the name is in the cache"
[ -z "$(find "$ALGOFS_CACHE" -name b)" ] || fail "a/b is in the cache"
log_line '[Nn]ame'
