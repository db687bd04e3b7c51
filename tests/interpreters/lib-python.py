# SPDX-License-Identifier: MIT
"""lib-python.py run RESULTS MODULE: runs CPython's own test module in the current folder; what each test came
to goes to the file RESULTS, one `id status reason` a line. TMPDIR and the cwd say where the files are made.

lib-python.py compare PLAIN PREFIX: the tests that came to something else in the prefix, but for the
differences that docs/SEMANTICS.md section 13 explains; exit status 1 if there are any."""
import fnmatch
import os
import re
import sys
import unittest

# What a test says when it finds out by itself that the prefix has no such thing, and skips.
SKIPS = re.compile(r"symlink|symbolic link|link\(\): \[Errno 1\]|mkfifo\(\): \[Errno 1\]|bind Unix socket: \[Errno 1\]|extended attribute")
# Tests that fail instead, for the same reasons.
FAILS = [
    "test.test_os.Pep383Tests.*",                                # names that are not UTF-8: EINVAL
    "test.test_pathlib.*PathTest.test_chmod_follow_symlinks_true",  # symbolic links: EPERM
    "test.test_pathlib.*PathTest.test_hardlink_to",               # hard links: EPERM
    "test.test_posix.PosixTester.test_lchown",                    # symbolic links: EPERM
    "test.test_posix.TestPosixDirFd.test_readlink_dir_fd",
    "test.test_posix.TestPosixDirFd.test_symlink_dir_fd",
]


class Result(unittest.TextTestResult):
    def __init__(self, *args):
        super().__init__(*args)
        self.lines = {}

    def note(self, test, status):
        if self.lines.get(test.id(), "").split(" ")[0] not in ("failed", "error"):
            self.lines[test.id()] = status

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "error")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped " + " ".join(str(reason).split()))

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.note(test, "passed")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.note(test, "failed")


def without(suite, names):
    """The suite without the test classes that make files of gigabytes: each would be uploaded."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, names))
        elif type(test).__name__ not in names:
            kept.addTest(test)
    return kept


def run(results, module):
    from test import support
    support.verbose = 1
    # What regrtest sets, as far as it matters: no network, no display, big files only on request.
    support.use_resources = ["subprocess", "cpu", "walltime"]
    suite = without(unittest.defaultTestLoader.loadTestsFromName("test." + module), ("LargeMmapTests",))
    runner = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout)
    result = runner.run(suite)
    with open(results, "w") as file:
        for test in sorted(result.lines):
            file.write("%s %s\n" % (test, result.lines[test]))
    sys.stdout.flush()
    os._exit(0)


def read(path):
    with open(path) as file:
        return {test: (status, reason) for test, _, rest in (line.rstrip("\n").partition(" ") for line in file)
                for status, _, reason in (rest.partition(" "),)}


def compare(plain, prefix):
    want, got = read(plain), read(prefix)
    bad = explained = 0
    for test in sorted(set(want) | set(got)):
        status, reason = got.get(test, ("missing", ""))
        if status == want.get(test, ("missing", ""))[0]:
            continue
        if (status == "skipped" and SKIPS.search(reason)) or any(fnmatch.fnmatchcase(test, each) for each in FAILS):
            explained += 1
            continue
        print("%s: %s %s, on a plain folder %s" % (test, status, reason, want.get(test, ("missing", ""))[0]))
        bad += 1
    print("%d tests, %d as on a plain folder, %d explained" % (len(want), len(want) - explained - bad, explained))
    return 1 if bad else 0


def main():
    if sys.argv[1] == "compare":
        return compare(*sys.argv[2:4])
    return run(*sys.argv[2:4])


if __name__ == "__main__":
    sys.exit(main())
