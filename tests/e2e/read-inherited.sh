#!/bin/bash
# SPDX-License-Identifier: MIT
# A child without the shim (env -i) that inherits a descriptor reads bytes, not holes.
. "$(dirname "$0")/../lib.sh"
make_tree 150
serve
# shellcheck disable=SC2016
in_tree_each 'env -i /bin/cat <"$P/$f" >"$OUT/$f"'
check_tree "$T/out"
rm -r "$T/out"

note "by subprocess, pass_fds"
fresh_cache
user_dir "$T/out"
in_prefix "$PYTHON" - "$T/sums.json" "$P" "$T/out" <<'END'
import json, os, subprocess, sys
sums, prefix, out = sys.argv[1:]
for name in json.load(open(sums)):
    os.makedirs(os.path.dirname(os.path.join(out, name)), exist_ok=True)
    fd = os.open(os.path.join(prefix, name), os.O_RDONLY)
    with open(os.path.join(out, name), "wb") as target:
        subprocess.run(["/bin/dd", "if=/dev/fd/%d" % fd, "bs=1M", "status=none"], pass_fds=[fd], env={}, stdout=target,
                       check=True)
    os.close(fd)
END
check_tree "$T/out"
rm -r "$T/out"

note "by a static program, which has no shim at all"
printf '%s\n' '#include <unistd.h>' 'int main(void) { static char b[65536]; ssize_t n; ' \
    'while ((n = read(0, b, sizeof b)) > 0) if (write(1, b, (size_t)n) != n) return 1; return n < 0; }' >"$T/copy.c"
if gcc -static "$T/copy.c" -o "$T/copy" 2>/dev/null; then
    fresh_cache
    # shellcheck disable=SC2016
    in_tree_each '"'"$T"'/copy" <"$P/$f" >"$OUT/$f"'
    check_tree "$T/out"
else
    note "not shown: nothing can be linked statically here"
fi
