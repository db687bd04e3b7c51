#!/bin/bash
# SPDX-License-Identifier: MIT
# CPython's own tests of files and processes, with their files in the prefix, come to what they come to in a
# plain folder, but for what docs/SEMANTICS.md section 13 explains. PYTHON_TESTS names the modules: a few by
# default; "all" are those of files and processes, a quarter of an hour.
. "$(dirname "$0")/../lib.sh"
not_plain
"$PYTHON" -c 'import test.test_fileio' 2>/dev/null || skip "Debian's libpython3.11-testsuite is not installed"
few="test_fileio test_mmap test_glob test_fcntl test_tempfile"
all="test_os test_io test_fileio test_shutil test_pathlib test_mmap test_tempfile test_glob test_subprocess test_posix
    test_zipfile test_tarfile test_fcntl"
modules=${PYTHON_TESTS:-$few}
[ "$modules" != all ] || modules=$all
mkdir "$SRC/w"
chmod 777 "$SRC/w"
serve
results=$T/results
user_dir "$T/plain" "$results"
in_prefix stat "$P/w" >/dev/null
program=$TESTS/interpreters/lib-python.py
run() { # MODULE WHERE FOLDER COMMAND...: the module's tests, with their files in the folder
    local out=$results/$1.$2
    "${@:4}" env -C "$3" TMPDIR="$3" HOME="$HOME" timeout -k 10 "${PYTHON_TIME:-1200}" "$PYTHON" -u "$program" run \
        "$out" "$1" >"$out.out" 2>&1 || true
    [ -s "$out" ] || { tail -n 40 "$out.out"; fail "$1 did not end ($2)"; }
}
bad=
for module in $modules; do
    run "$module" plain "$T/plain" as_user
    run "$module" prefix "$P/w" in_prefix
    note "$module"
    "$PYTHON" "$program" compare "$results/$module.plain" "$results/$module.prefix" || bad+=" $module"
done
[ -z "$bad" ] || fail "other results than on a plain folder:$bad"
