#!/bin/bash
# SPDX-License-Identifier: MIT
# python3 -m venv makes an environment of many small files in the prefix, and its python runs from there.
. "$(dirname "$0")/../lib-write.sh"
"$PYTHON" -c 'import venv' 2>/dev/null || skip "python3's venv is not installed"
serve_collection
as_user "$PYTHON" -m venv --copies --without-pip "$T/home/plain" || skip "venv does not work here"
# It makes a link lib64 -> lib, which no remote can hold: then the folder must be there before.
in_prefix mkdir -p "$C/env/lib64"
in_prefix "$PYTHON" -m venv --copies --without-pip "$C/env" || fail "venv"
expect "$C/env" in_prefix env "$C/env/bin/python" -c 'import sys; print(sys.prefix)'
# A package of many small files, installed as an installer does: written, compiled, imported.
in_prefix "$PYTHON" - "$C/env" <<'END' || fail "installing"
import compileall, glob, os, sys
site = glob.glob(sys.argv[1] + "/lib/python3*/site-packages")[0]
os.mkdir(site + "/many")
for number in range(100):
    with open("%s/many/m%d.py" % (site, number), "w") as file:
        file.write("value = %d\n" % number)
with open(site + "/many/__init__.py", "w") as file:
    file.write("".join("from . import m%d\n" % n for n in range(100)) + "total = sum(globals()['m%d' % n].value for n in range(100))\n")
assert compileall.compile_dir(site + "/many", quiet=1)
END
expect 4950 in_prefix env "$C/env/bin/python" -c 'import many; print(many.total)'
drained
expect_equal "modules at the server" 101 "$(find "$REMOTE" -path '*/many/m*.py' -o -path '*/many/__init__.py' | wc -l)"
expect_equal "compiled modules at the server" 101 "$(find "$REMOTE" -path '*/many/*' -name '*.pyc' | wc -l)"
cmp "$(find "$REMOTE" -path '*/bin/python')" "$HOME/plain/bin/python" || fail "the python at the server"
fresh_cache
expect 4950 in_prefix env "$C/env/bin/python" -c 'import many; print(many.total)'
