#!/bin/bash
# SPDX-License-Identifier: MIT
# Scripts and programs of the prefix, by every way of running them: what they see of themselves is as on a
# plain folder ($0, arguments, /proc/self/exe), with the interpreter inside or outside.
. "$(dirname "$0")/../lib.sh"
require gcc
mkdir "$SRC/bin"
cd "$SRC/bin"
printf '#!/bin/sh\necho "sh 0=$0 $#: $*"\n' >plain
printf '#! /bin/sh -eu\necho "opt 0=$0 $#: $*"\n' >option
printf '#!/usr/bin/env bash\necho "env 0=$0 $#: $*"\n' >env
printf 'echo "no line 0=$0 $#: $*"\n' >no-line
printf '#!%s\necho "nested 0=$0 $#: $*"\n' "$P/bin/interpreter" >inside
printf '#!%s -x\necho "nested 0=$0 $#: $*"\n' "$P/bin/script-interpreter" >nested
printf '#!interpreter\necho "relative 0=$0 $#: $*"\n' >relative
printf '#!/bin/sh\necho "interpreting: $*"\n' >script-interpreter
printf '#!%s\n' "$P/bin/none" >missing
printf '#!\n' >empty-line
printf '#!%s' "/bin/sh" >no-end
cat >look.c <<'END_C'
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    printf("exe %.*s 0=%s %d %s\n", (int)n, exe, argv[0], argc, argc > 1 ? argv[1] : "");
    return 0;
}
END_C
gcc look.c -o look
cp /bin/dash interpreter
chmod +x plain option env no-line inside nested relative script-interpreter missing empty-line no-end
cd /
# On a plain folder the "#!" lines must name that folder: the same script, with the same text, in both.
plain || { mkdir "$T/plain"; cp -r "$SRC/bin" "$T/plain/"; grep -rlI -F "$P/bin" "$T/plain/bin" | xargs sed -i "1s|$P|$T/plain|"; }
serve
cat >"$T/ways.py" <<'END_PY'
import ctypes, os, subprocess, sys
place = sys.argv[1] + "/bin"
libc = ctypes.CDLL(None, use_errno=True)
os.chdir(place)
names = ["plain", "option", "env", "no-line", "inside", "nested", "relative", "missing", "empty-line", "no-end", "look",
         "none"]

def run(what, start):
    print(what, end=": ")
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.dup2(1, 2)
        try:
            start()
        except OSError as error:
            print(error.strerror)
            sys.stdout.flush()
        os._exit(3)
    print("[%d]" % os.waitpid(pid, 0)[1])

def exec_at(name, inherit):
    argv = (ctypes.c_char_p * 3)(b"argv0", b"1", None)
    envp = (ctypes.c_char_p * 2)(b"PATH=/usr/bin:/bin", None)
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    os.set_inheritable(folder, inherit)
    libc.execveat(folder, name.encode(), argv, envp, 0)
    print(os.strerror(ctypes.get_errno()))
    sys.stdout.flush()

for name in names:
    full = place + "/" + name
    run("execv %s" % name, lambda: os.execv(full, ["argv0", "1", "2 3"]))
    run("execv ./%s" % name, lambda: os.execv("./" + name, ["argv0", "1"]))
    run("execv %s" % name, lambda: os.execv(name, ["argv0", "1"]))
    run("execvp /%s" % name, lambda: libc.execvp(full.encode(), (ctypes.c_char_p * 3)(b"argv0", b"1", None)))
    os.environ["PATH"] = place + ":/usr/bin:/bin"
    run("execvp %s" % name, lambda: libc.execvp(name.encode(), (ctypes.c_char_p * 3)(b"argv0", b"1", None)))
    run("posix_spawn %s" % name, lambda: os.waitpid(os.posix_spawn(full, ["argv0", "1"], os.environ), 0))
    run("posix_spawnp %s" % name, lambda: os.waitpid(os.posix_spawnp(name, ["argv0", "1"], os.environ), 0))
    run("shell %s" % name, lambda: os.execv("/bin/dash", ["dash", "-c", "./%s a b" % name]))
    run("bash %s" % name, lambda: os.execv("/bin/bash", ["bash", "-c", name + " a b"]))
    run("env -i %s" % name, lambda: os.execv("/usr/bin/env", ["env", "-i", full, "x"]))
    run("subprocess %s" % name, lambda: os._exit(subprocess.run([name, "s"], env={"PATH": place + ":/bin"}).returncode))
    if name in ("look", "none"):  # a script by descriptor reads /dev/fd/N, as the kernel has it: its own text
        run("fexecve %s" % name, lambda: os.execve(os.open(full, os.O_RDONLY), ["argv0", "1"], os.environ))
    run("execveat %s" % name, lambda: exec_at(name, True))
    run("execveat %s, close-on-exec" % name, lambda: exec_at(name, False))
END_PY
plain && exit 0
as_user "$PYTHON" "$T/ways.py" "$T/plain" 2>&1 | sed "s|$T/plain|PLACE|g" >"$T/want"
in_prefix "$PYTHON" "$T/ways.py" "$P" 2>&1 | sed "s|$P|PLACE|g" >"$T/got"
grep -c '^' "$T/want"
expect_same "$T/want" "$T/got"
