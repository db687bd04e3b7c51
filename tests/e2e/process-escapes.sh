#!/bin/bash
# SPDX-License-Identifier: MIT
# algofs-run names, in one line at its end, the programs that ran without seeing the prefix; --report counts what
# the others did. Neither says anything of programs that are served.
. "$(dirname "$0")/../lib.sh"
not_plain
require gcc
echo hello >"$SRC/file"
printf '#!/bin/sh\necho script "$0" "$@"\n' >"$SRC/script"
printf 'int main(void) { return 0; }\n' >"$T/program.c"
gcc "$T/program.c" -o "$T/dynamic"
gcc -static "$T/program.c" -o "$T/static" 2>/dev/null || skip "nothing can be linked statically here"
cp "$T/static" "$T/other"
cp "$T/static" "$SRC/inside"
printf '#!%s\n' "$T/other" >"$T/by-script"
chmod 755 "$T/by-script"
serve
run() { algofs_run "$@" 2>"$T/said" >"$T/out" </dev/null || { cat "$T/said"; fail "algofs-run $* ended with $?"; }; }
says() { grep -qE -e "$1" "$T/said" || { cat "$T/said"; fail "not said: $1"; }; }
quiet() { [ ! -s "$T/said" ] || { cat "$T/said"; fail "something was said"; }; }

note "nothing to say"
run bash -c "cat $P/file; $T/dynamic; env -i $T/dynamic; $P/script"
quiet
note "the command itself, by path and by PATH"
run "$T/static"
says "^algofs-run: ran without seeing /algo: $T/static \(static\)$"
PATH=$T:$PATH run static
says "$T/static \(static\)"
note "from a shell, from Python (fork and posix_spawn), by the interpreter of a script, from the prefix; each once"
cat >"$T/start.py" <<'END_PY'
import os, subprocess, sys
for path in sys.argv[1:]:
    subprocess.run([path], check=True)
    subprocess.run([path], check=True, close_fds=False)
    os.waitpid(os.posix_spawn(path, [path], os.environ), 0)
    os.waitpid(os.posix_spawnp(path, [path], {}), 0)
END_PY
run bash -c "for i in 1 2 3; do $T/static; done; $PYTHON $T/start.py $T/by-script $P/inside"
says "^algofs-run: ran without seeing /algo: [^ ]* \(static\), [^ ]* \(static\), [^ ]* \(static\)$"
for name in "$T/static" "$T/other" "$P/inside"; do says "$name \(static\)"; done
expect_equal "lines said" 1 "$(wc -l <"$T/said")"
expect_equal "cache paths said" 0 "$(grep -c -F -e "$ALGOFS_CACHE" "$T/said" || true)"
if [ "$(id -u)" = 0 ]; then
    note "a setuid program; with no_new_privs it is an ordinary one"
    cp "$T/dynamic" "$T/setuid"
    chmod 4755 "$T/setuid"
    run "$T/setuid"
    quiet
    ORDINARY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    run bash -c "$T/setuid; $T/setuid"
    says "^algofs-run: ran without seeing /algo: $T/setuid \(setuid\)$"
fi
note "many: some names, and how many more"
run bash -c "for i in \$(seq 12); do cp $T/static $HOME/s\$i; $HOME/s\$i; done"
says "s1 \(static\), .* and 4 more$"
note "the report"
run --report bash -c "cat $P/file $P/file; ls $P; echo x >$P/new; rm $P/new"
says " program$"
says "^algofs-run: +1 +2 .* /usr/bin/cat$"
says "^algofs-run: .* /usr/bin/ls$"
says "^algofs-run: .* /usr/bin/rm$"
note "a script of the prefix as the command, by path and by PATH"
run "$P/script" 1
expect "script $P/script 1" cat "$T/out"
PATH=$P:$PATH run script 2
expect "script $P/script 2" cat "$T/out"
note "nothing is left in the cache"
[ -z "$(ls "$ALGOFS_CACHE" | grep '^run\.' || true)" ] || fail "left: $(ls "$ALGOFS_CACHE")"
