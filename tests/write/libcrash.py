# SPDX-License-Identifier: MIT
"""The crash test: kill -9 of the agent, of a writer, or of both, at random moments.

    libcrash.py --prefix DIR --remote DIR --cache DIR --algofs PROGRAM [--preload LIB] [--ignore PREFIX]
                [--mirror PROGRAM]
                --seed N --kills N

Each round starts a writer (libcrash-writer.py), tells it one operation after the other, and kills at a random
moment. Then the prefix is touched, and when nothing is pending any more the server's disk is compared:

  * What was acknowledged (close, rename, unlink returned 0) is there, byte for byte, and nothing else is.
  * An agent's death alone is never seen by the writer: each of its calls still succeeds.
  * The operation that a killed writer was in may have got anywhere between its beginning and its end:
      overwrite  what was before, or a beginning of the new bytes: what a killed program leaves in a file
                 that it had truncated, on any file system. At least as much as fsync returned 0 for
      append     what was before and a beginning of the new bytes, as much as was synced at least
      patch      the same, at its offset
      replace    (write NAME.tmp, rename) NAME is what was before, and NAME.tmp is absent or a beginning of the new
                 bytes; or NAME is all of the new bytes and there is no NAME.tmp. Nothing in between
      rename     (of files, over existing ones too, and of folders) before or after: never both names, never neither
      unlink     there or not
  * The prefix shows what the server has.
"""
import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ["a", "b", "c", "sub/a", "sub/b", "name with %41+ ü"]
FOLDERS = ["moved0", "moved1"]  # one of them is there, with two files in it
SIZES = [0, 1, 300, 5000, 40000, 150000, 400000]
GIVE_UP = 120  # seconds: a round that takes longer is a failure
KEEP = 12      # operations shown of a history


class Failure(Exception):
    pass


def data_of(seed, size):
    return random.Random(seed).randbytes(size)


def splice(before, offset, data):
    before = before.ljust(offset, b"\0")
    return before[:offset] + data + before[offset + len(data):]


class Operation:
    """What an operation makes of the files {name: bytes}, and what may be left when it is cut short."""

    def __init__(self, words, files):
        self.words, self.kind, self.synced = words, words[0], 0
        self.before = dict(files)
        self.after = dict(files)
        self.touched = {words[1]}
        getattr(self, "plan_" + self.kind)(*words[1:])

    def plan_overwrite(self, name, seed, size, pieces, sync):
        self.name, self.data = name, data_of(seed, size)
        self.after[name] = self.data

    def plan_append(self, name, seed, size, pieces, sync):
        self.name, self.data, self.offset = name, data_of(seed, size), len(self.before[name])
        self.after[name] = self.before[name] + self.data

    def plan_patch(self, name, seed, size, pieces, sync, offset):
        self.name, self.data, self.offset = name, data_of(seed, size), offset
        self.after[name] = splice(self.before[name], offset, self.data)

    def plan_replace(self, name, seed, size, pieces, sync):
        self.name, self.data = name, data_of(seed, size)
        self.after[name] = self.data
        self.touched.add(name + ".tmp")

    def plan_rename(self, source, target):
        moved = {n: c for n, c in self.before.items() if n == source or n.startswith(source + "/")}
        for name, content in moved.items():
            del self.after[name]
            self.after[target + name[len(source):]] = content
        self.touched = set(moved) | {target + n[len(source):] for n in moved}

    def plan_unlink(self, name):
        del self.after[name]

    def beginning(self, got):
        return got is not None and self.data.startswith(got) and len(got) >= self.synced

    def allows(self, got):
        """May the files {name: bytes} be what the interrupted operation left?"""
        if got == self.after:
            return True
        if self.synced == 0 and got == self.before:
            return True
        rest = {n: c for n, c in got.items() if n not in self.touched}
        if rest != {n: c for n, c in self.before.items() if n not in self.touched}:
            return False
        if self.kind == "overwrite":
            return self.beginning(got.get(self.name))
        if self.kind in ("append", "patch"):
            content, base = got.get(self.name), self.before[self.name]
            return content is not None and any(
                content == splice(base, self.offset, self.data[:n]) for n in self.lengths(content, base))
        if self.kind == "replace":
            return got.get(self.name) == self.before.get(self.name) and self.beginning(got.get(self.name + ".tmp"))
        return False

    def lengths(self, content, base):
        """How many bytes of the data there are, if the content is what was before with a beginning of the data."""
        if len(content) > len(base):
            count = len(content) - self.offset
        else:
            count = 0
            while count < len(self.data) and content[self.offset + count:self.offset + count + 1] == self.data[count:count + 1]:
                count += 1
        return [count] if count >= self.synced else []


class Round:
    def __init__(self, test, number):
        self.test, self.number = test, number
        self.running = None  # the operation that is not acknowledged yet
        env = dict(os.environ)
        if test.args.preload:
            env["LD_PRELOAD"] = test.args.preload
        self.writer = subprocess.Popen([sys.executable, os.path.join(HERE, "libcrash-writer.py"), test.args.prefix],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        self.unread = b""

    def tell(self, words):
        self.running = Operation(words, self.test.files)
        self.test.history.append([self.number, words, "…"])
        self.writer.stdin.write(json.dumps(words).encode() + b"\n")
        self.writer.stdin.flush()

    def take(self, line):
        self.test.history[-1][2] = line
        word, *more = line.split(" ")
        if word == "synced":
            self.running.synced = int(more[0])
        elif word == "done":
            self.test.files = self.running.after
            self.running = None
        else:
            raise Failure("a call failed: %s" % line)

    def read_lines(self):
        """Takes what can be read; False at the end of the writer."""
        piece = os.read(self.writer.stdout.fileno(), 65536)
        *lines, self.unread = (self.unread + piece).split(b"\n")
        for line in lines:
            self.take(line.decode())
        return bool(piece)

    def work_until(self, moment=None, operations=None):
        """Goes on telling and reading until the moment, or for a number of operations."""
        give_up = time.monotonic() + GIVE_UP
        while True:
            if self.running is None:
                if operations == 0:
                    return
                operations = None if operations is None else operations - 1
                self.tell(self.test.draw())
            left = (moment or give_up) - time.monotonic()
            if left <= 0 or not select.select([self.writer.stdout], [], [], left)[0]:
                if moment:
                    return
                raise Failure("an operation does not end")
            if not self.read_lines():
                raise Failure("the writer ended by itself: %s" % self.writer.wait())

    def end(self):
        self.writer.stdin.close()
        while self.read_lines():
            pass
        if self.writer.wait(GIVE_UP) != 0:
            raise Failure("the writer ended with %s" % self.writer.returncode)

    def kill_writer(self):
        self.writer.kill()

    def collect_killed(self):
        while self.read_lines():
            pass
        self.writer.wait()
        self.writer.stdin.close()


class Test:
    def __init__(self, args):
        self.args = args
        self.chance = random.Random(args.seed)
        self.files = {}
        self.history = []
        self.step = 0
        self.seen = {}
        os.makedirs(os.path.join(args.remote, "sub"), exist_ok=True)
        os.makedirs(os.path.join(args.remote, FOLDERS[0]), exist_ok=True)
        for name in ("one", "two"):
            self.files[FOLDERS[0] + "/" + name] = name.encode() * 1000
            with open(os.path.join(args.remote, FOLDERS[0], name), "wb") as file:
                file.write(self.files[FOLDERS[0] + "/" + name])
        self.mirror("push")
        if args.mirror:  # it brings no empty folder
            self.shim("mkdir", os.path.join(args.prefix, "sub"))

    def mirror(self, how):
        """Where the store is no folder, --remote is a mirror of it."""
        if self.args.mirror:
            subprocess.run([self.args.mirror, how, self.args.remote], check=True)

    def draw(self):
        c = self.chance
        self.step += 1
        here = sorted(n for n in self.files if n in NAMES)
        kind = c.choices(["overwrite", "append", "patch", "replace", "rename", "folder", "unlink"], [6, 4, 3, 5, 3, 1, 1])[0]
        if kind == "folder":
            at = [f for f in FOLDERS if f + "/one" in self.files][0]
            return ["rename", at, FOLDERS[1 - FOLDERS.index(at)]]
        if len(here) < 2 and kind not in ("overwrite", "replace"):
            kind = "overwrite"
        if kind in ("rename", "unlink"):
            source = c.choice(here)
            return [kind, source] + ([c.choice([n for n in NAMES if n != source])] if kind == "rename" else [])
        name = c.choice(here if kind in ("append", "patch") else NAMES)
        size = c.choice(SIZES)
        sync = c.randrange(1, size + 1) if size and c.random() < 0.4 else 0
        words = [kind, name, self.args.seed * 1000003 + self.step, size, c.choice([1, 2, 5]), sync]
        if kind == "patch":
            words.append(c.randrange(len(self.files[name]) + 1))
        return words

    # --- agents ---

    def agents(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    words = file.read().decode().split("\0")
            except OSError:
                continue
            if words[0].endswith("algofs-agent") and self.args.cache in words:
                found.append(int(pid))
        return found

    def kill_agents(self):
        for pid in self.agents():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def shim(self, *command):
        env = dict(os.environ, LD_PRELOAD=self.args.preload) if self.args.preload else None
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, timeout=GIVE_UP)

    def count(self, name, value):
        if isinstance(value, dict):
            return sum(v if k == name and type(v) is int else self.count(name, v) for k, v in value.items())
        return sum(self.count(name, v) for v in value) if isinstance(value, list) else 0

    def drain(self):
        if not self.args.preload:
            return
        self.shim("stat", self.args.prefix)
        deadline = time.monotonic() + GIVE_UP
        while True:
            text = subprocess.run([self.args.algofs, "status", "--json"], stdout=subprocess.PIPE, check=True).stdout.decode()
            if '"pending"' not in text:
                raise Failure("algofs status --json has no `pending`")
            status = json.loads(text)
            # A call of a killed writer may still be under way; one is the question itself.
            if self.count("pending", status) + self.count("failed", status) == 0 and self.count("calls", status) <= 1:
                return
            if time.monotonic() > deadline:
                raise Failure("it does not drain: %s" % text)
            time.sleep(0.05)

    # --- comparing ---

    def tree(self, top):
        found = {}
        for folder, folders, names in os.walk(top):
            for name in names:
                if self.args.ignore and name.startswith(self.args.ignore):
                    continue
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, top)] = file.read()
            for name in folders:
                relative = os.path.relpath(os.path.join(folder, name), top)
                if relative not in ["sub"] + FOLDERS:
                    raise Failure("a folder that nobody made: %s" % relative)
        return found

    def compare(self, running):
        self.mirror("pull")
        got = self.tree(self.args.remote)
        if got != self.files:
            if running is None:
                raise Failure("what was acknowledged is not there: " + difference(self.files, got))
            if not running.allows(got):
                raise Failure("%s was under way (%d bytes synced), and left: %s"
                              % (running.words, running.synced, difference(running.before, got)))
        elif running is not None and not running.allows(got):
            raise Failure("%s was under way, %d bytes were synced and are gone" % (running.words, running.synced))
        folders = [f for f in FOLDERS if os.path.isdir(os.path.join(self.args.remote, f))]
        if len(folders) != 1:
            raise Failure("of the moved folder there are: %s" % folders)
        self.files = got
        leftover = [n for n in got if n.endswith(".tmp")]
        if self.args.preload:
            self.shim("diff", "-r", "-x", self.args.ignore + "*" if self.args.ignore else "", self.args.remote, self.args.prefix)
        return leftover

    def clear(self, leftover):
        """NAME.tmp of a killed writer is a file as any other; it goes, so that the name is free again."""
        for name in leftover:
            self.shim("rm", os.path.join(self.args.prefix, name))
            del self.files[name]
            self.mirror("pull")
            if os.path.exists(os.path.join(self.args.remote, name)):
                raise Failure("%s was removed and is on the server" % name)

    def round(self, number):
        who = self.chance.choice(["agent", "writer", "both"])
        one = Round(self, number)
        try:
            one.work_until(operations=self.chance.randrange(3))
            one.work_until(moment=time.monotonic() + self.chance.choice([0, 0.01, 0.03, 0.1, 0.3]) * self.chance.random())
            self.history.append([number, ["kill -9", who], ""])
            self.seen[who] = self.seen.get(who, 0) + 1
            first = self.chance.random() < 0.5
            if who == "writer" or (who == "both" and first):
                one.kill_writer()
            if who != "writer":
                self.kill_agents()
            if who == "both" and not first:
                one.kill_writer()
            if who == "agent":
                one.work_until(operations=self.chance.randrange(4))
                one.end()
            else:
                del self.history[-1]
                one.collect_killed()
                self.history.append([number, ["kill -9", who], ""])
        except BaseException:
            one.writer.kill()
            one.writer.wait()
            raise
        self.drain()
        self.clear(self.compare(one.running))


def brief(content):
    return "nothing" if content is None else "%d bytes (%s…)" % (len(content), content[:6].hex())


def difference(want, got):
    return "; ".join("%r is %s instead of %s" % (n, brief(got.get(n)), brief(want.get(n)))
                     for n in sorted(set(want) | set(got)) if want.get(n) != got.get(n)) or "no difference"


def main():
    parser = argparse.ArgumentParser()
    for name in ("prefix", "remote", "cache", "algofs"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--preload", default="")
    parser.add_argument("--ignore", default="", help="how names begin that are the store's own")
    parser.add_argument("--mirror", default="")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, default=10)
    args = parser.parse_args()
    test = Test(args)
    for number in range(args.kills):
        try:
            test.round(number)
        except (Failure, subprocess.SubprocessError) as failure:
            print("seed %d, round %d: %s" % (args.seed, number, failure))
            for each in test.history[-KEEP:]:
                print("   round %d: %s %s" % tuple(each))
            return 1
    print("seed %d: %d operations, kills: %s" % (args.seed, test.step, test.seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
