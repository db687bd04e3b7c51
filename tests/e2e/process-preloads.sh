#!/bin/bash
# SPDX-License-Identifier: MIT
# Other preloaded libraries before and behind the shim, sanitizers, and debuggers: the prefix is served, and what
# they are for still works.
. "$(dirname "$0")/../lib.sh"
not_plain
require gcc
mkdir "$SRC/d"
seq 800000 >"$SRC/d/big"
echo hello >"$SRC/d/small"
chmod -R a+rwX "$SRC"
want=$(sha256sum <"$SRC/d/big")
serve
cat >"$T/reads.py" <<'END_PY'
import hashlib, os, subprocess, sys, threading
place = sys.argv[1]
def work():
    assert hashlib.sha256(open(place + "/big", "rb").read()).hexdigest() == sys.argv[2]
    assert sorted(os.listdir(place))[:2] == ["big", "small"]
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
assert subprocess.run(["cat", place + "/small"], capture_output=True, text=True, env={}).stdout == "hello\n"
print("right")
END_PY
library() { # NAME: its path, or nothing
    local place
    for place in /usr/lib/*/"$1" /usr/lib/*/*/"$1"; do [ ! -e "$place" ] || { echo "$place"; return; }; done
}
both_orders() { # LIBRARY [NAME=VALUE...]
    local list
    for list in "$1:$LIB" "$LIB:$1" "$1 $LIB"; do
        fresh_cache
        expect right as_user env "${@:2}" LD_PRELOAD="$list" "$PYTHON" "$T/reads.py" "$P/d" "${want%% *}"
    done
}
shown=
for name in libjemalloc.so.2 libfaketime.so.1 libfaketimeMT.so.1; do
    path=$(library "$name")
    [ -n "$path" ] || continue
    note "$name"
    both_orders "$path" FAKETIME="-30d" MALLOC_CONF=abort_conf:true
    shown+=" $name"
done
path=$(library libfaketime.so.1)
if [ -n "$path" ]; then
    for list in "$path:$LIB" "$LIB:$path"; do
        expect 2001 as_user env FAKETIME="2001-02-03 04:05:06" LD_PRELOAD="$list" bash -c 'cat "$0" >/dev/null; date +%Y; echo new >"$0.new"' "$P/d/small"
        expect new cat "$SRC/d/small.new"
    done
fi
if command -v fakeroot >/dev/null; then
    note "fakeroot, around and inside"
    fresh_cache
    expect "0 hello" in_prefix fakeroot sh -c 'echo $(id -u) $(cat "$0")' "$P/d/small"
    # shellcheck disable=SC2016
    expect "0 hello" as_user env LIB="$LIB" fakeroot sh -c 'LD_PRELOAD=$LD_PRELOAD:$LIB exec sh -c "echo \$(id -u) \$(cat \"\$0\")" "$0"' "$P/d/small"
    shown+=" fakeroot"
fi

note "programs with sanitizers"
cat >"$T/reads.c" <<'END_C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
    char *line = malloc(100);
    FILE *file = fopen(argv[argc - 1], "r");
    if (file == NULL || fgets(line, 100, file) == NULL)
        return 1;
    fputs(line, stdout);
    fclose(file);
    if (argc > 2)
        line[strlen(line) + 100] = 0; /* what it is there to find */
    free(line);
    return 0;
}
END_C
for kind in undefined address thread; do
    gcc -g -fsanitize=$kind "$T/reads.c" -o "$T/reads-$kind" 2>/dev/null || { note "no -fsanitize=$kind here"; continue; }
    as_user "$T/reads-$kind" "$SRC/d/small" >/dev/null 2>&1 || { note "-fsanitize=$kind does not run here"; continue; }
    fresh_cache
    runtime=$(ldd "$T/reads-$kind" | awk '/lib[at]san/ { print $3 }')
    case $kind in
    address) # its runtime must be the first library: say so, or put it there
        expect hello in_prefix ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 "$T/reads-$kind" "$P/d/small"
        expect hello as_user env LD_PRELOAD="$runtime:$LIB" ASAN_OPTIONS=detect_leaks=0 "$T/reads-$kind" "$P/d/small"
        expect_failure "heap-buffer-overflow" as_user env LD_PRELOAD="$runtime:$LIB" "$T/reads-$kind" bad "$P/d/small"
        ;;
    *) expect hello in_prefix "$T/reads-$kind" "$P/d/small" ;;
    esac
    shown+=" $kind"
done

note "debuggers"
fresh_cache
gcc -g "$T/reads.c" -o "$T/reads"
in_prefix stat "$P" >/dev/null
if command -v gdb >/dev/null && as_user gdb -batch -ex run --args /bin/true >/dev/null 2>&1; then
    as_user gdb -batch -ex "set exec-wrapper env LD_PRELOAD=$LIB" -ex 'break fgets' -ex run -ex bt -ex delete -ex continue \
        --args "$T/reads" "$P/d/small" >"$T/gdb" 2>&1 </dev/null || true
    grep -q '^hello' "$T/gdb" && grep -q 'exited normally' "$T/gdb" || { cat "$T/gdb"; fail "under gdb"; }
    shown+=" gdb"
fi
if command -v strace >/dev/null && as_user strace -o /dev/null true 2>/dev/null; then
    expect hello as_user strace -f -o /dev/null -E LD_PRELOAD="$LIB" "$T/reads" "$P/d/small"
    shown+=" strace"
fi
if command -v valgrind >/dev/null; then
    as_user env TMPDIR="$HOME" LD_PRELOAD="$LIB" valgrind -q --error-exitcode=9 --trace-children=no "$T/reads" "$P/d/small" >"$T/valgrind" 2>&1 || { cat "$T/valgrind"; fail "under valgrind"; }
    expect hello cat "$T/valgrind"
    expect_failure "Invalid write" as_user env TMPDIR="$HOME" LD_PRELOAD="$LIB" valgrind --error-exitcode=9 "$T/reads" bad "$P/d/small"
    shown+=" valgrind"
fi
[ -n "$shown" ] || skip "none of the libraries and debuggers is installed"
note "shown:$shown"
