#!/bin/bash
# SPDX-License-Identifier: MIT
# Symbolic and hard links on a remote that has them: what each call makes of them is what it makes of them on
# a plain folder, wherever they lead, with a warm cache and with none.
. "$(dirname "$0")/../lib-local.sh"
serve_local
user_dir "$PLAIN"

# script: the same in both places; the plain folder's own name stands for the prefix in absolute links.
script() {
    cat <<'END'
import errno, os, stat, subprocess
top = os.environ["DIR"]
os.chdir(top)
def show(what, call, *args, **kwargs):
    try:
        got = call(*args, **kwargs)
    except OSError as error:
        got = errno.errorcode[error.errno]
    if isinstance(got, (str, bytes)):
        got = got.replace(top, "DIR") if isinstance(got, str) else got
    print(what, repr(got))
def read(path):
    with open(path) as file:
        return file.read()
def kind(path, follow=True):
    st = os.stat(path) if follow else os.lstat(path)
    return oct(st.st_mode), st.st_size if stat.S_ISREG(st.st_mode) else 0
LINKS = ["to-file", "to-dir", "to-dir/", "absolute", "absolute/f", "up", "out", "out/hostname", "dangling", "loop", "chain",
         "chain/deep/f", "to-dir/../d/f", "to-dir/..", "deep-link/../f", "d/back", "d/back/d/f", "self/self/d/f", "to-file/", "slash"]
def look():
    for path in LINKS:
        show("stat " + path, kind, path)
        show("lstat " + path, kind, path, False)
        show("readlink " + path, os.readlink, path)
        show("realpath " + path, os.path.realpath, path)
        show("access " + path, os.access, path, os.R_OK)
        if path not in ("out", "out/hostname"):
            show("listdir " + path, lambda p: sorted(os.listdir(p)), path)
            show("read " + path, read, path)
    for path in LINKS:
        show("full " + path, lambda p: kind(os.path.join(top, p)), path)
    for entry in sorted(os.scandir("."), key=lambda e: e.name):
        print(entry.name, entry.is_symlink(), entry.is_dir(follow_symlinks=False))
        show("is_dir", entry.is_dir)
    for base, dirs, files in os.walk(".", followlinks=False):
        print(base, sorted(dirs), sorted(files))
    fd = os.open("to-dir", os.O_RDONLY)
    show("at", lambda: os.stat("f", dir_fd=fd).st_size)
    show("at link", lambda: os.readlink("back", dir_fd=fd))
    os.close(fd)
    show("nofollow", os.open, "to-file", os.O_RDONLY | os.O_NOFOLLOW)
    here = os.getcwd()
    os.chdir("chain/deep")
    print(os.getcwd().replace(top, "DIR"), read("f"), read("../f"))
    os.chdir(here)
def make():
    os.makedirs("d/deep")
    for name, text in (("f", "top"), ("d/f", "in d"), ("d/deep/f", "deep")):
        with open(name, "w") as file:
            file.write(text)
    for target, name in (("f", "to-file"), ("d", "to-dir"), (top + "/d", "absolute"), ("..", "up"), ("/etc", "out"),
                         ("nowhere", "dangling"), ("loop", "loop"), ("to-dir", "chain"), ("d/deep", "deep-link"), ("..", "d/back"),
                         (".", "self"), ("d/", "slash")):
        os.symlink(target, name)
    show("again", os.symlink, "x", "to-file")
    show("below nothing", os.symlink, "x", "none/x")
    show("below a file", os.symlink, "x", "f/x")
    show("empty", os.symlink, "", "none")
def change():
    with open("to-file", "a") as file:
        file.write(" and more")
    print(read("f"))
    with open("dangling", "w") as file:
        file.write("made through a link")
    print(read("nowhere"))
    with open("chain/new", "w") as file:
        file.write("new")
    print(sorted(os.listdir("d")))
    show("excl", os.open, "to-file", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.mkdir("to-dir/made")
    os.rmdir("absolute/made")
    os.rename("chain/new", "newer")
    os.rename("to-dir", "renamed")
    os.symlink("x", "over")
    os.rename("over", "renamed")
    show("moved link", os.readlink, "renamed")
    os.unlink("renamed")
    show("rmdir link", os.rmdir, "absolute")
    os.truncate("to-file", 3)
    print(read("f"))
    os.chmod("to-file", 0o600)
    print(kind("f"))
    os.utime("to-file", (1, 1000000000))
    print(os.stat("f").st_mtime)
    os.utime("to-file", (1, 900000000), follow_symlinks=False)
    print(os.stat("f").st_mtime, os.lstat("to-file").st_mtime)
    os.link("f", "d/hard")
    show("link exists", os.link, "f", "d/hard")
    show("link dir", os.link, "d", "d2")
    with open("d/hard", "a") as file:
        file.write("+hard")
    print(read("f"), os.stat("f").st_nlink, os.path.samefile("f", "d/hard"))
    os.unlink("f")
    print(read("d/hard"), os.stat("d/hard").st_nlink)
    os.link("dangling", "linked-link", follow_symlinks=False)
    show("linked link", os.readlink, "linked-link")
    print(subprocess.run(["ls", "-l", "self/d/"], stdout=subprocess.PIPE, text=True).stdout.count("\n"))
globals()[os.environ["PART"]]()
END
}
# part PART: the same output in both.
part() {
    script >"$T/script.py"
    as_user env DIR="$PLAIN" PART="$1" "$PYTHON" "$T/script.py" >"$T/want" 2>&1 || fail "$(cat "$T/want")"
    in_prefix DIR="$P" PART="$1" "$PYTHON" "$T/script.py" >"$T/got" 2>&1 || fail "$(tail -n 20 "$T/got")"
    sed -i "s|$(realpath "$PLAIN")|DIR|g; s|$PLAIN|DIR|g" "$T/want"
    sed -i "s|$P|DIR|g" "$T/got"
    # Where both stand differs: what is above them is not compared.
    sed -i "/ up /d" "$T/want" "$T/got"
    expect_same "$T/want" "$T/got"
    ! grep -F -e "$T/c" "$T/got" || fail "a path of the cache is shown"
}
part make
for cache in warm new; do
    note "looking, $cache cache"
    [ $cache = warm ] || fresh_cache
    part look
done
part change
names() { (cd "$1" && find . \( -type l -printf '%p -> %l\n' \) -o -printf '%p\n' | LC_ALL=C sort); }
diff <(names "$PLAIN" | sed "s|$PLAIN|DIR|") <(names "$ARCHIVE" | sed "s|$P|DIR|")
fresh_cache
diff <(cd "$PLAIN" && cat d/f d/hard nowhere newer) <(in_prefix bash -euc 'cd "$1" && cat d/f d/hard nowhere newer' sh "$P")
