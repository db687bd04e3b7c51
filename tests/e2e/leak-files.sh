#!/bin/bash
# SPDX-License-Identifier: MIT
# The leak gate over programs that copy, list and edit files (lib-leak.sh).
. "$(dirname "$0")/../lib.sh"
not_plain
require strace tar rsync sed ed
strace -o "$T/try" true 2>/dev/null || skip "strace is not allowed here"
. "$TESTS/e2e/lib-leak.sh"
mkdir "$SRC/d" "$SRC/d/e"
seq 100 >"$SRC/d/file"
echo other >"$SRC/d/e/other"
chmod -R a+rwX "$SRC"
serve
# shellcheck disable=SC2016
traced '
cd "$P/d" || exit
pwd; pwd -P; echo "$PWD"; /bin/pwd; dash -c "pwd; pwd -P; cd e; pwd; cd -; cd ../none"; cd e; cd ..; pwd; (cd ../d/e && pwd -P); env
ls -la; ls -la "$P" "$P/d/none"; ls -l /proc/self/fd /proc/self/cwd; stat file "$P/d/e" none; readlink -f file; realpath . e/other none
readlink /proc/self/cwd; find . -ls; find "$P/d" -name "o*" -printf "%p %P %f %h\n" -exec echo {} \; -execdir pwd \; ; find "$P/none"
du -a .; wc -l file "$P/d/none"; cat none "$P/d/none"; head -n1 file e/other; tail -n1 file; sort file | uniq | tail -n1
cp -v file copy; cp -rv "$P/d/e" "$P/d/f"; cp -av e g; mv -v copy moved; mv -v g h; rm -rv h f moved; cp none "$OUT"; mv none x
mkdir -v made "$P/d/made/sub"; rmdir -v made/sub made; mkdir -p deep/er; touch deep/er/t; chmod -v 600 deep/er/t; rm -rv deep; rmdir none
ln -s file link; ln file hard; install -v -m 600 file installed; rm -v installed; truncate -s 5 cut; rm cut; dd if=file of=dd.out; rm dd.out
tar -cvf "$OUT/a.tar" . "$P/d/e"; tar -C "$P/d" -cf "$P/d/b.tar" file e; tar -tvf b.tar; mkdir x; tar -C x -xvf b.tar; tar -xf none.tar; rm -r x b.tar
rsync -av "$P/d/" "$OUT/r/"; rsync -av "$OUT/r/" "$P/d/s/"; rsync -av none "$OUT"; rm -r s
sed -i "s/1/one/" file; sed -n 1p file; sed -i s/x/y/ none; printf "1p\nw\nq\n" | ed file; printf "q\n" | ed none; ed none2 <<<"w none/x"
grep -rn other .; grep -c one file none; diff file e/other; cmp file e/other; md5sum file none; xargs -a file -n 50 echo; mktemp -p .; mktemp -p "$P/d"
test -f file && [ -d e ] && echo is; for f in * "$P"/d/*; do echo "$f"; done; set -- "$P"/d/n*; echo "$@"; exec 5<file; ls -l /proc/$$/fd; cat <&5 >/dev/null; cat /dev/fd/5
command -v cat; type ls; hash; . ./none; . "$P/d/none"; bash "$P/d/none"; ./file; "$P/d/file"; bash ./e/other; df . "$P"; tee t1 t2 <file; rm t1 t2; split -l 50 file part; csplit file 20; paste file file | tail -n1
'
if command -v vim >/dev/null || command -v vim.tiny >/dev/null; then
    # shellcheck disable=SC2016
    traced 'cd "$P/d"; vim=$(command -v vim || command -v vim.tiny); "$vim" -es -u NONE -c "set backup" -c "s/^/v/" -c "wq" file; "$vim" -es -u NONE -c "redir >> seen" -c "pwd" -c "ls" -c "echo expand(\"%:p\")" -c q file; cat seen; ls -a'
fi
no_leaks
