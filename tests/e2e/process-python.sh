#!/bin/bash
# SPDX-License-Identifier: MIT
# subprocess with cwd=, close_fds, os.popen, os.system; multiprocessing by fork, spawn and forkserver.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$SRC/dir"
seq 1000 >"$SRC/dir/file"
echo 'print(open("dir/file").read(6).split())' >"$SRC/script.py"
serve
cat >"$T/many.py" <<'END'
import hashlib, multiprocessing, os, subprocess, sys

def work(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()

def run(*args, **more):
    return subprocess.run(args, stdout=subprocess.PIPE, check=True, text=True, **more).stdout

if __name__ == "__main__":
    place, plain = sys.argv[1:]
    want = work(plain + "/dir/file")
    assert run("/bin/cat", "file", cwd=place + "/dir").startswith("1\n2\n")
    assert run("/bin/pwd", cwd=place + "/dir") == place + "/dir\n"
    assert run("/bin/pwd", cwd=place + "/dir", close_fds=True) == place + "/dir\n"
    assert run("/bin/cat", place + "/dir/file", close_fds=False).startswith("1\n2\n")
    assert run("sh", "-c", "cd dir && sha256sum <file", cwd=place).split()[0] == want
    assert run(sys.executable, "script.py", cwd=place) == "['1', '2', '3']\n"
    assert run("/bin/cat", stdin=open(place + "/dir/file")).startswith("1\n2\n")
    try:
        subprocess.run(["/bin/true"], cwd=place + "/none")
        raise SystemExit("a cwd that is not there was accepted")
    except FileNotFoundError:
        pass
    assert os.popen("sha256sum " + place + "/dir/file").read().split()[0] == want
    assert os.system("cmp %s/dir/file %s/dir/file" % (place, plain)) == 0
    for way in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(way).Pool(4) as pool:
            assert set(pool.map(work, [place + "/dir/file"] * 40)) == {want}, way
    os.closerange(3, 256)
    assert work(place + "/dir/file") == want, "after closing every descriptor"
END
in_prefix "$PYTHON" "$T/many.py" "$P" "$SRC"
