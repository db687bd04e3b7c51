#!/bin/bash
# SPDX-License-Identifier: MIT
# The leak gate over compilers, version control and interpreters (lib-leak.sh).
. "$(dirname "$0")/../lib.sh"
not_plain
require strace git gcc make
strace -o "$T/try" true 2>/dev/null || skip "strace is not allowed here"
. "$TESTS/e2e/lib-leak.sh"
mkdir "$SRC/c" "$SRC/p" "$SRC/p/pkg"
printf '#include "x.h"\n#include <stdio.h>\nint main(void) { puts(__FILE__); return X; }\n' >"$SRC/c/main.c"
echo '#define X 0' >"$SRC/c/x.h"
printf 'all: main\n\t@echo in $(CURDIR) for $(MAKEFILE_LIST) $(abspath main.c) $(realpath main.c) $(wildcard *.c)\n\tpwd\nmain: main.c x.h\n\t$(CC) -g -MD -save-temps $< -o $@\nbad:\n\tfalse\nsub:\n\t$(MAKE) -C ../c all\n' >"$SRC/c/Makefile"
printf 'import os, sys\nWHERE = __file__\ndef fail():\n    raise ValueError(os.getcwd())\n' >"$SRC/p/pkg/__init__.py"
cat >"$SRC/p/main.py" <<'END_PY'
import glob, inspect, os, pathlib, sqlite3, subprocess, sys, tempfile, traceback, zipfile
sys.dont_write_bytecode = False
import pkg
print(__file__, pkg.__file__, pkg.__cached__, sys.argv, sys.path[0], os.getcwd(), os.path.realpath("."), pathlib.Path.cwd(), inspect.getfile(pkg.fail))
print(os.path.realpath("main.py"), pathlib.Path("pkg").resolve(), glob.glob("**", recursive=True), list(os.walk(".")))
fd = os.open("main.py", os.O_RDONLY)
print(os.readlink("/proc/self/fd/%d" % fd), os.readlink("/proc/%d/fd/%d" % (os.getpid(), fd)), os.readlink("/proc/self/cwd"))
os.fchdir(os.open("pkg", os.O_RDONLY)); print(os.getcwd(), os.environ.get("PWD")); os.chdir("..")
for call in (lambda: open("none"), lambda: os.listdir("none"), lambda: os.rename("none", "x"), lambda: sqlite3.connect("none/x"), pkg.fail):
    try:
        call()
    except Exception:
        traceback.print_exc()
base = sqlite3.connect("base.db"); base.execute("create table t (a)"); base.commit()
print(base.execute("pragma database_list").fetchall()); base.close()
with tempfile.NamedTemporaryFile(dir=".") as file, tempfile.TemporaryDirectory(dir=".") as folder:
    print(file.name, folder)
zipfile.ZipFile("z.zip", "w").write("main.py")
print(subprocess.run(["pwd"], cwd="pkg", capture_output=True, text=True).stdout, subprocess.run("pwd; ls -l /proc/self/cwd", shell=True, capture_output=True, text=True).stdout)
END_PY
chmod -R a+rwX "$SRC"
serve
unset PYTHONDONTWRITEBYTECODE
# shellcheck disable=SC2016
traced '
cd "$P/c"; make; make bad; make -k sub; make none; make -p | grep -a CURDIR; cat main.d; ./main; gcc main.c -o none/x; gcc none.c; gcc -g -c "$P/c/main.c" -o main.o; ar rcs lib.a main.o; nm -A lib.a | head -n 3
gdb -batch -ex "info source" -ex "list" ./main 2>/dev/null; readelf --debug-dump=info main | grep -a comp_dir; ldd ./main; file main; strings -a main | grep -a /
'
# shellcheck disable=SC2016
traced '
mkdir "$P/g"; cd "$P/g"; export HOME=$OUT GIT_CONFIG_GLOBAL=$OUT/gitconfig; git init -b main .; git config user.name n; git config user.email e@x; echo a >a; git add a; git commit -m one
git status; git rev-parse --show-toplevel --git-dir --absolute-git-dir; git config -l --show-origin; git worktree list; git log --stat; echo b >>a; git diff; git stash; git clone . ../h; git -C ../h remote -v; git add none; git fsck; git gc
git clone "$P/g" "$OUT/clone"; cat "$OUT/clone/.git/config" .git/config; git worktree add ../w; cat ../w/.git .git/worktrees/w/gitdir; git mv a b; git rm -f b; git checkout none; cd ../h && git pull; git grep a
'
# shellcheck disable=SC2016
traced 'cd "$P/p"; "$PY" main.py; "$PY" "$P/p/main.py"; "$PY" -c "import pkg; print(pkg.__file__)"; "$PY" -m pkg; "$PY" -m compileall .; "$PY" none.py; "$PY" -v -c "import pkg" 2>&1 | grep -a pkg; "$PY" -m venv --without-pip v; cat v/pyvenv.cfg v/bin/activate'
if command -v perl >/dev/null; then
    # shellcheck disable=SC2016
    traced 'cd "$P/p"; echo "package Mod; sub f { die __FILE__ } 1;" >Mod.pm; perl -MCwd -MFile::Find -MFile::Spec -I. -MMod -e "print getcwd, qq(\n), Cwd::abs_path(q(.)), qq(\n), Cwd::realpath(q(main.py)), qq(\n); find(sub { print \$File::Find::name, qq(\n) }, q(.)); print \$INC{q(Mod.pm)}, qq(\n); Mod::f"; echo "print qq(\$0 \$INC{q(x)} \@INC\n); require q(./none.pl)" >s.pl; perl s.pl; perl "$P/p/s.pl"'
fi
no_leaks
