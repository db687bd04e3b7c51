# SPDX-License-Identifier: MIT
"""The model test: random histories on the prefix and on a plain folder at once.

    libmodel.py --prefix DIR --plain DIR --remote DIR --seed N [--ops N] [--processes N] [--preload LIB]
                [--immediate] [--stop PROGRAM] [--other DIR]

Workers (libmodel-worker.py) share the prefix. The driver draws each operation and who does it from the
seed, waits for the answer, and compares both sides' results: a history is the same for a seed, and after
every step the prefix equals the plain folder. With --immediate (close waits for the remote) the folder on
the server's disk is compared now and then, too: every file without unfinished changes must be there.
With --other every other worker works there instead, the same folder by the shim, and only it is preloaded.
With --stop the agent is stopped now and then by `PROGRAM stop`. A failure prints the seed and the end
of the history.
"""
import argparse
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = ["d0", "d1", "d 2%", "d0/e0", "d0/e1", "d1/e0", "d 2%/é", "d0/e0/deep"]
NAMES = ["f0", "f1", "f2", "a b%41+#?", "日本", ".hidden"]
SIZES = [0, 1, 1, 5, 100, 100, 1000, 4095, 4096, 4097, 20000, 20000, 70000]
SLOTS_EACH, TAIL, REACH, CHECK_EVERY, BIG_EVERY, STOP_EVERY = 5, 25, 1000, 20, 150, 120

FLAGS = [os.O_RDONLY, os.O_RDWR, os.O_WRONLY, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
         os.O_RDWR | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_APPEND, os.O_RDWR | os.O_CREAT | os.O_EXCL,
         os.O_WRONLY | os.O_APPEND, os.O_RDWR | os.O_TRUNC]
PUT_FLAGS = [os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 3 + [os.O_WRONLY | os.O_CREAT | os.O_APPEND, os.O_WRONLY | os.O_CREAT,
                                                           os.O_WRONLY | os.O_CREAT | os.O_EXCL]
OPERATIONS = {
    "put": 16, "open": 14, "write": 14, "pwrite": 8, "writev": 3, "close": 12, "dup": 2, "fread": 5, "fwhole": 3, "fstat": 3,
    "seek": 3, "ftruncate": 4, "fallocate": 1, "fsync": 3, "fdatasync": 2, "map": 3, "read": 10, "stat": 8, "list": 5, "scan": 3,
    "unlink": 6, "unlink@": 1, "mkdir": 6, "mkdir@": 1, "rmdir": 3, "rmdir@": 1, "truncate": 4, "rename": 9, "chmod": 1,
    "utime": 1, "access": 1,
}
BY_SLOT = {"write", "pwrite", "writev", "close", "dup", "fread", "fwhole", "fstat", "seek", "ftruncate", "fallocate", "fsync",
           "fdatasync", "map"}
CHANGES = {"write", "pwrite", "writev", "ftruncate", "fallocate", "map"}


class Failure(Exception):
    pass


class Worker:
    def __init__(self, number, args):
        self.number = number
        self.slots = {}  # number -> (name, flags, inode)
        env = dict(os.environ, PYTHONUTF8="1")
        other = args.other and number % 2
        if args.preload and (other or not args.other):
            env["LD_PRELOAD"] = args.preload
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "libmodel-worker.py"),
                                         args.other if other else args.prefix, args.plain],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True)

    def do(self, operation):
        self.process.stdin.write(json.dumps(operation) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure("the process ended with %s" % self.process.wait())
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise Failure("a worker ended with %s" % self.process.returncode)


class Model:
    def __init__(self, args):
        self.args = args
        self.chance = random.Random(args.seed)
        self.workers = [Worker(n, args) for n in range(args.processes)]
        self.history = []
        self.dirty = set()  # inodes of the plain side that were changed and not committed since
        self.immediate_checks = 0
        self.suspects = []  # names that a difference was found at

    # --- drawing ---

    def existing(self, folders_too=True):
        """A name that is there, if there is one."""
        found = sorted(name for name, content in kinds(self.args.plain).items() if folders_too or content != "folder")
        return self.chance.choice(found) if found else "f0"

    def name(self):
        if self.chance.random() < 0.5:
            name = self.existing(self.chance.random() < 0.2)
            return name + "/" if self.chance.random() < 0.02 else name
        folder = self.chance.choice([""] + FOLDERS[:3] * 2 + FOLDERS)
        if self.chance.random() < 0.2:
            return folder or "d0"
        name = os.path.join(folder, self.chance.choice(NAMES))
        return "./" + name if self.chance.random() < 0.01 else name

    def folder(self):
        found = sorted(name for name, kind in kinds(self.args.plain).items() if kind == "folder")
        if found and self.chance.random() < 0.5:
            return self.chance.choice(found)
        return self.chance.choice(FOLDERS)

    def size(self, step):
        if step % BIG_EVERY == BIG_EVERY - 1:
            return self.chance.choice([1 << 20, (4 << 20) + 1, 6000000])
        return self.chance.choice(SIZES)

    def draw(self, step, worker):
        c, seed = self.chance, self.args.seed * 1000003 + step
        names = list(OPERATIONS)
        op = c.choices(names, [OPERATIONS[n] for n in names])[0]
        if op in BY_SLOT and not worker.slots:
            op = "open"
        if op == "open" and len(worker.slots) >= SLOTS_EACH:
            op = "close"
        if op == "open":
            slot = min(set(range(SLOTS_EACH)) - set(worker.slots))
            return [op, slot, self.name(), c.choice(FLAGS), 0o644]
        if op in BY_SLOT:
            slot = c.choice(sorted(worker.slots))
            if op == "dup":
                free = set(range(SLOTS_EACH)) - set(worker.slots)
                return [op, slot, min(free)] if free else ["fstat", slot]
            more = {"write": [seed, self.size(step)], "writev": [seed, self.size(step)],
                    "pwrite": [seed, self.size(step), c.choice([0, 1, 100, 4096, 50000])],
                    "fread": [c.choice([0, 10, 4096, 60000]), c.choice([10, 5000, 100000])], "seek": [c.choice([0, 7, 5000])],
                    "ftruncate": [c.choice([0, 1, 50, 4096, 30000])], "fallocate": [0, c.choice([1, 5000])],
                    "map": [c.randrange(100000), seed, c.choice([1, 100, 9000]), c.choice(["msync", "munmap"])]}
            return [op, slot] + more.get(op, [])
        if op == "put":
            return [op, self.name(), c.choice(PUT_FLAGS), seed, self.size(step), 0o644]
        if op == "rename":
            return [op] + [(self.name() if c.random() < 0.6 else self.folder()).rstrip("/") for _ in range(2)]
        if op in ("mkdir", "mkdir@", "rmdir", "rmdir@", "list", "scan"):
            return [op, self.folder() if c.random() < 0.8 else self.name()]
        more = {"truncate": [c.choice([0, 10, 5000])], "chmod": [c.choice([0o755, 0o711, 0o700])], "utime": [1500000000 + step],
                "access": [c.choice([os.F_OK, os.R_OK, os.W_OK])]}
        return [op, self.name()] + more.get(op, [])

    # --- what is not yet committed ---

    def inode(self, name):
        try:
            return os.stat(os.path.join(self.args.plain, name)).st_ino
        except OSError:
            return None

    def may_wait(self, worker, inode):
        """A file that is empty is not uploaded by a close while the process has other descriptors of it: they will write."""
        others = {s[2] for s in worker.slots.values() if s[1] & os.O_ACCMODE != os.O_RDONLY}
        return inode in others and self.is_empty(inode)

    def is_empty(self, inode):
        found = [os.path.join(folder, name) for folder, _, names in os.walk(self.args.plain) for name in names]
        return any(os.stat(path).st_ino == inode and os.stat(path).st_size == 0 for path in found)

    def note(self, worker, operation, facts, good):
        op = operation[0]
        if op == "open" and "inode" in facts:
            _, slot, name, flags, _ = operation
            worker.slots[slot] = (name, flags, facts["inode"])
            if flags & (os.O_CREAT | os.O_TRUNC):
                self.dirty.add(facts["inode"])
        elif op == "dup":
            worker.slots[operation[2]] = worker.slots[operation[1]]
        elif op in ("close", "fsync", "fdatasync"):
            name, flags, inode = worker.slots[operation[1]] if op != "close" else worker.slots.pop(operation[1])
            if flags & os.O_ACCMODE != os.O_RDONLY and not (op == "close" and self.may_wait(worker, inode)):
                self.dirty.discard(inode)
        elif op in CHANGES:
            self.dirty.add(worker.slots[operation[1]][2])
        elif op in ("put", "truncate") and good:
            inode = self.inode(operation[1])
            if op == "truncate" or not self.may_wait(worker, inode):
                self.dirty.discard(inode)
            else:
                self.dirty.add(inode)

    # --- comparing ---

    def fail(self, why):
        raise Failure(why)

    def step(self, step):
        worker = self.chance.choice(self.workers)
        operation = self.draw(step, worker)
        self.history.append((step, worker.number, operation, worker.slots.get(operation[1])))
        prefix, plain, facts = worker.do(operation)
        self.history[-1] += (plain,)
        if prefix != plain:
            self.fail("the prefix says %s, the plain folder %s" % (prefix, plain))
        self.note(worker, operation, facts, plain[0] == "ok")

    def compare_remote(self, final):
        """The server's disk has every file that is not being changed, and nothing that is gone."""
        plain, remote = tree(self.args.plain), tree(self.args.remote)
        for name in sorted(set(plain) | set(remote)):
            want, got = plain.get(name), remote.get(name)
            if not final and want is not None and self.inode(name) in self.dirty:
                continue
            if want != got:
                self.suspects = [name] + [name[:i] for i, c in enumerate(name) if c == "/"]
                self.fail("%r is %s on the server instead of %s" % (name, brief(got), brief(want)))
        self.immediate_checks += 1

    def stop_agent(self):
        self.history.append((self.history[-1][0], "-", ["algofs stop"], None, None))
        subprocess.run([self.args.stop, "stop"], stdout=subprocess.DEVNULL, check=True)

    def run(self):
        for step in range(self.args.ops):
            if self.args.stop and step % STOP_EVERY == STOP_EVERY - 1:
                self.stop_agent()
            self.step(step)
            if self.args.immediate and step % CHECK_EVERY == CHECK_EVERY - 1:
                self.compare_remote(final=False)
        for worker in self.workers:
            for slot in sorted(worker.slots):
                self.history.append((self.args.ops, worker.number, ["close", slot], worker.slots[slot]))
                prefix, plain, _ = worker.do(["close", slot])
                if prefix != plain:
                    self.fail("the prefix says %s, the plain folder %s" % (prefix, plain))
        for worker in self.workers:
            worker.end()

    def show(self):
        names = set(self.suspects) or {n for n in self.history[-1][2][1:] if isinstance(n, str)}
        if self.history[-1][3] and not self.suspects:
            names.add(self.history[-1][3][0])
        for i, (step, number, operation, slot, *plain) in enumerate(self.history):
            touches = any(n in names for n in operation[1:] if isinstance(n, str)) or (slot and slot[0] in names)
            if i >= len(self.history) - TAIL or (touches and i >= len(self.history) - REACH):
                print("  %5d process %s %s%s -> %s" % (step, number, operation, " of %r" % slot[0] if slot else "",
                                                      plain[0] if plain else "?"))


def kinds(top):
    """{name: folder or file}"""
    found = {}
    for folder, folders, files in os.walk(top):
        found.update((os.path.relpath(os.path.join(folder, n), top), "folder") for n in folders)
        found.update((os.path.relpath(os.path.join(folder, n), top), "file") for n in files)
    return found


def tree(top):
    """{name: content; of a folder these words}"""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders:
            found[os.path.relpath(os.path.join(folder, name), top)] = "a folder"
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = file.read()
    return found


def brief(content):
    return content if content is None or isinstance(content, str) else "%d bytes (%s)" % (len(content), content[:12].hex())


def main():
    parser = argparse.ArgumentParser()
    for name in ("prefix", "plain", "remote"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--ops", type=int, default=300)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--preload", default="")
    parser.add_argument("--other", default="")
    parser.add_argument("--immediate", action="store_true")
    parser.add_argument("--stop", default="")
    args = parser.parse_args()
    model = Model(args)
    try:
        model.run()
    except Failure as failure:
        print("seed %d, step %d: %s" % (args.seed, model.history[-1][0], failure))
        print("the end of the history, and before it what names the same:")
        model.show()
        for worker in model.workers:
            worker.process.kill()
            worker.process.wait()
        return 1
    good = sum(1 for each in model.history if each[-1] and each[-1][0] == "ok")
    if good < len(model.history) // 3:
        print("seed %d: only %d of %d operations did something" % (args.seed, good, len(model.history)))
        return 1
    print("seed %d: %d operations, %d of them done, the server compared %d times"
          % (args.seed, len(model.history), good, model.immediate_checks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
