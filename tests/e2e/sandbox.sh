#!/bin/bash
# SPDX-License-Identifier: MIT
# A locked-down container: an ordinary user without capabilities, no_new_privs, another PID and mount name space, the
# root file system read-only but for one folder, no /dev/fuse, HOME unset, an empty environment but for what is
# needed. A representative part of the suite's commands does there what it does on a plain folder.
. "$(dirname "$0")/../lib-write.sh"
not_plain
[ "$(id -u)" = 0 ] || skip "making a read-only root needs root"
unshare -m -p -f --mount-proc true 2>/dev/null || skip "no name spaces here"
user_dir "$REMOTE" "$PLAIN" "$T/box"
start_server
export ALGORITHMIA_API=$URL ALGORITHMIA_API_KEY=$KEY
cat >"$T/enter" <<'END_SH'
#!/bin/bash
# enter BOX CMD...: all file systems read-only but BOX; then the ordinary user.
set -eu
box=$1
shift
mount --make-rprivate /
mount --bind "$box" "$box"
[ ! -e /dev/fuse ] || mount --bind /dev/null /dev/fuse
while read -r _ place _; do
    case $place in "$box" | "$box"/* | /proc | /proc/*) continue ;; esac
    mount -o remount,bind,ro "$place" 2>/dev/null || true
done < <(tac /proc/mounts)
mount -t tmpfs -o mode=1777 tmpfs /dev/shm # as containers have it: semaphores live there
cd "$box"
exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all env -i "$@"
END_SH
chmod 755 "$T/enter"
box() { # CMD...: in the sandbox, with the shim; its cache is in the box
    unshare -m -p -f --mount-proc "$T/enter" "$T/box" PATH=/usr/bin:/bin LC_ALL=C.UTF-8 ALGORITHMIA_API="$URL" \
        ALGORITHMIA_API_KEY="$KEY" ALGOFS_CACHE="$T/box/cache" ALGOFS_IDLE=1 TMPDIR="$T/box" GIT_CONFIG_NOSYSTEM=1 "$@" </dev/null
}
expect "65534 1 none ro" box bash -c '
echo $(id -u) $(sed -n "s/^NoNewPrivs:\t//p" /proc/self/status) ${HOME:-none} $(touch /tmp/x-$$ 2>/dev/null && echo rw || echo ro)'
expect "CapEff: 0000000000000000" box bash -c 'grep CapEff /proc/self/status | tr -s "\t" " "'

cat >"$T/commands.sh" <<'END_SH'
cd "$DIR"
umask 022
mkdir -p a/b; seq 1000 >a/numbers; seq 800000 >a/b/big; cp a/numbers a/copy; mv a/copy a/b/moved; echo more >>a/b/moved
ls -R .; find . -type f | sort | xargs sha256sum; tar -cf a.tar a; mkdir x; tar -C x -xf a.tar; diff -r a x/a && echo same
sed -i s/1/one/ a/numbers; head -n 3 a/numbers; rm -r x; stat -c "%n %s %a" a.tar a/b/big
printf '#!/bin/sh\necho run by $0\n' >script; chmod +x script; ./script; env -i ./script
printf 'int main(void) { return 7; }\n' >p.c; gcc p.c -o p; ./p; echo $?
git init -q -b main g; cd g; git config user.name n; git config user.email e@x; cp ../script .; git add .; git commit -qm one; git log --format=%s; git status --short; cd ..
python3 - <<'END_PY'
import mmap, multiprocessing, os, shutil, sqlite3, subprocess, tempfile
with open("a/b/big", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m:
    print(len(m), m[-3:])
shutil.copytree("a", "c"); print(sorted(os.listdir("c")))
base = sqlite3.connect("base"); base.execute("create table t (a)"); base.execute("insert into t values (1)"); base.commit()
print(base.execute("select * from t").fetchall()); base.close(); os.unlink("base")
print(subprocess.run("pwd; cat script | wc -l", shell=True, env={}, cwd="g", capture_output=True, text=True).stdout.replace(os.environ["DIR"], "DIR"))
with multiprocessing.Pool(3) as pool:
    print(sum(pool.map(os.path.getsize, ["a/numbers"] * 30)))
with tempfile.TemporaryFile(dir=".") as file:
    file.write(b"x"); file.seek(0); print(file.read())
END_PY
rm -rf g a.tar; ls
END_SH
note "the same commands on a plain folder and in the sandbox"
as_user env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 DIR="$PLAIN" TMPDIR="$T/box" GIT_CONFIG_NOSYSTEM=1 bash "$T/commands.sh" >"$T/want" 2>&1 </dev/null || true
P=/algo/data/set
box LD_PRELOAD="$LIB" DIR="$P/c" bash -c 'bash "$0"; status=$?; "$1" stop >/dev/null; exit $status' "$T/commands.sh" "$BUILD/bin/algofs" >"$T/got" 2>&1 || true
sed -i "s|$PLAIN|DIR|g" "$T/want"
sed -i "s|$P/c|DIR|g" "$T/got"
grep -q '^same$' "$T/want" && grep -q '^run by ./script' "$T/want" || fail "the commands are wrong: $(cat "$T/want")"
expect_same "$T/want" "$T/got"
same_at_server

note "algofs-run, its report and its exit status"
expect 9 box bash -c '"$0" sh -c "test -e /algo/data/set/c/script && exit 9"; echo $?; "$1" stop >/dev/null' "$BUILD/bin/algofs-run" "$BUILD/bin/algofs"
expect_failure "does not answer|cannot" box ALGOFS_CACHE=/nonexistent/cache "$BUILD/bin/algofs-run" true
