# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# The leak gate: representative programs under strace. A system call that carries a path of the prefix was
# made behind the shim's back; a path of the cache that is printed or stored has leaked to the program.

user_dir "$SRC" "$T/out"
export LEAK_OUT=$T/out

# traced SCRIPT: runs the bash script in the prefix, traced; what it prints is kept in $T/said.
traced() {
    in_prefix stat "$P" >/dev/null # strace would wait for an agent that starts under it
    printf '%s\n' "$1" >"$T/script.sh"
    (
        set +e
        cd /
        as_user env P="$P" OUT="$LEAK_OUT" PY="$PYTHON" TMPDIR="$LEAK_OUT" strace -f -s 4096 -e trace=%file -E LD_PRELOAD="$LIB" \
            -o "$LEAK_OUT/../home/trace.$RANDOM" bash -x "$T/script.sh" >>"$T/said" 2>&1 </dev/null
    ) || true
}

# no_leaks: the verdict over all that was traced, printed and stored.
no_leaks() {
    cat "$T"/home/trace.* >"$T/trace"
    [ "$(wc -l <"$T/trace")" -gt 1000 ] || fail "nothing was traced: $(tail -n 5 "$T/said")"
    echo '7 openat(AT_FDCWD, "/algo/data", O_RDONLY) = -1 ENOENT' | cat "$T/trace" - >"$T/trace.bad"
    ! "$PYTHON" "$TESTS/lib-leak.py" "$T/trace.bad" /algo >/dev/null || fail "a leak would go unnoticed"
    "$PYTHON" "$TESTS/lib-leak.py" "$T/trace" /algo || fail "system calls with a path of the prefix"
    local place found=
    for place in "$T/said" "$SRC" "$T/out"; do
        # ALGOFS_CACHE in somebody's listing of the environment is the user's own setting.
        found+=$(grep -rIa -F -e "$ALGOFS_CACHE" "$place" | grep -av -e 'ALGOFS_CACHE=' | cut -c1-300 || true)
        found+=$(grep -rla -E -e '/[0-9a-f]{12}/tree(/|$)' "$place" || true)
    done
    [ -z "$found" ] || fail "the cache shows: $found"
}
