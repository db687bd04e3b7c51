#!/bin/bash
# SPDX-License-Identifier: MIT
# How programs begin and end: with 0, 1 and 2 closed, with another environment; killed, aborted, by _exit, by exec.
. "$(dirname "$0")/../lib-write.sh"
not_plain
need_helper process
user_dir "$REMOTE" "$PLAIN"
echo small >"$PLAIN/small"
seq 800000 >"$PLAIN/big"
cp "$PLAIN/small" "$PLAIN/big" "$REMOTE/"
serve_collection

note "started with 0, 1 and 2 closed"
as_user "$HELPERS/process" nothing-open "$PLAIN" <&- >&- 2>&-
in_prefix "$HELPERS/process" nothing-open "$C" <&- >&- 2>&-
expect_same "$PLAIN/answer" "$REMOTE/answer"

note "ended without closing: what was written gets there"
for how in exit kill abort exec; do
    rm -f "$REMOTE/dirty"
    fresh_cache
    (ulimit -c 0; in_prefix "$HELPERS/process" dirty "$C" "$how") >/dev/null 2>&1 || true
    for _ in $(seq 600); do
        [ "$(cat "$REMOTE/dirty" 2>/dev/null)" != written ] || break
        sleep 0.1
    done
    at_server dirty written
done

note "an empty environment, and one of their own: put back, by every way of starting a program"
fresh_cache
cat >"$T/starts.py" <<'END_PY'
import ctypes, os, subprocess, sys
place, helper = sys.argv[1:]
cat = ["/bin/cat", place + "/small"]
other = {"PATH": "/usr/bin:/bin", "LD_PRELOAD": "libm.so.6"}

def run(what, start):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os._exit(start() or 0)
    status = os.waitpid(pid, 0)[1]
    if status:
        print(what, "status", status)

for env in ({}, {"A": "b"}, other, dict.fromkeys(("V%d" % i for i in range(3000)), "x")):
    run("execve", lambda: os.execve(cat[0], cat, env))
    run("execvpe", lambda: os.execvpe("cat", cat, env))
    run("execle", lambda: os.execle(cat[0], *cat, env))
    run("fexecve", lambda: os.execve(os.open(cat[0], os.O_RDONLY), cat, env))
    run("posix_spawn", lambda: os.waitpid(os.posix_spawn(cat[0], cat, env), 0)[1])
    run("posix_spawnp", lambda: os.waitpid(os.posix_spawnp("cat", cat, env), 0)[1])
    run("subprocess", lambda: subprocess.run(cat, env=env).returncode)
    run("a shell's env -i", lambda: subprocess.run(["sh", "-c", "env -i /bin/cat %s" % cat[1]], env=env).returncode)
libc = ctypes.CDLL(None, use_errno=True)
void = ctypes.c_char_p
vector = (void * 3)(*[each.encode() for each in cat], None)
empty = (void * 1)(None)
run("execveat", lambda: libc.execveat(-100, b"/bin/cat", vector, empty, 0))
run("syscall", lambda: libc.syscall(59, b"/bin/cat", vector, empty))
run("no envp", lambda: libc.execve(b"/bin/cat", vector, None))
END_PY
in_prefix "$PYTHON" "$T/starts.py" "$C" "$HELPERS/process" >"$T/said" 2>"$T/errors" || fail "$(cat "$T/errors")"
[ "$(grep -c "^small$" "$T/said")" = 35 ] || fail "$(cat "$T/said" "$T/errors")"
expect_equal "other lines" 0 "$(grep -vc '^small$' "$T/said" || true)"

note "ALGOFS_INHERIT=0: exactly the environment that was given"
expect_failure "No such file" in_prefix ALGOFS_INHERIT=0 bash -c 'env -i /bin/cat "$0/small"' "$C"
expect_failure "No such file" in_prefix bash -c 'env -i ALGOFS_INHERIT=0 /bin/cat "$0/small"' "$C"
expect "A=b" in_prefix ALGOFS_INHERIT=0 bash -c 'env -i A=b /usr/bin/env' "$C"
expect small in_prefix ALGOFS_INHERIT=0 bash -c 'cat "$0/small"' "$C"
