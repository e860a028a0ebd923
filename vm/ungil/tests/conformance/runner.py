"""Runs the cases of one test module and writes what became of each to a file, a line per event.

Given with -c by the conformance table: RESULTS MODULE [details], the file and the module's name below `test`. With
`details`, cases that are marked as being about an implementation detail of CPython, or as in need of a GIL, are run instead
of skipped. Lines of the file, with fields separated by tabs:

    plan NAME                   the case exists
    start NAME                  it begins
    end NAME STATUS REASON      it ended; STATUS is passed, failed or skipped

Cases that the file says were started are left out, so that a process that died can be followed by another one for the
rest. A line is written with one call to the system, so that a process forked by a test has nothing to repeat.
"""

import signal
import sys
import traceback
import unittest
import warnings


class Recorder(unittest.TestResult):
    """Writes one line for each start and each end of a case."""

    def __init__(self, write, names):
        super().__init__()
        self._write = write
        self._names = names
        self._status = self._reason = ""

    def startTest(self, test):
        super().startTest(test)
        self._status, self._reason = "passed", ""
        self._write("start", self._names[id(test)])
        print("===", test.id(), file=sys.stderr, flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        self._write("end", self._names[id(test)], self._status, self._reason)

    def _fail(self, error):
        if self._status != "failed":
            self._status = "failed"
            self._reason = traceback.format_exception_only(error[1])[-1]
        traceback.print_exception(*error)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print("--- in", subtest.id(), file=sys.stderr, flush=True)
            self._fail(err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if self._status != "failed":
            self._status, self._reason = "skipped", reason

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._status, self._reason = "failed", "unexpected success"


def cases(suite):
    """All the cases of a suite, in its order."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


def line(*fields):
    """One line of the file: the fields must not hold what separates them."""
    return "\t".join(field.translate({9: " ", 10: " ", 13: " "})[:500] for field in fields) + "\n"


class Yes(int):
    """True, and told from every other condition by what it is."""


def run_details():
    """Makes the decorators for implementation details, `cpython_only` among them, mark nothing.

    Nor do those for cases that need a GIL: the reference has one, so it runs them.
    """
    from test import support

    support.impl_detail = lambda msg=None, **guards: lambda test: test
    if support.Py_GIL_DISABLED:
        no_gil, skip_if = Yes(True), unittest.skipIf
        support.Py_GIL_DISABLED = no_gil
        support.requires_gil_enabled = lambda msg=None: lambda test: test
        unittest.skipIf = lambda condition, reason: skip_if(condition is not no_gil and condition, reason)


def main(results, module, details=""):
    def write(*fields):
        with open(results, "ab", buffering=0) as file:
            file.write(line(*fields).encode("utf-8", "backslashreplace"))

    with open(results, "a+", encoding="utf-8", errors="replace", newline="\n") as file:
        file.seek(0)
        earlier = [text.rstrip("\n").split("\t") for text in file]
    planned = {fields[1] for fields in earlier if fields[0] == "plan"}
    started = {fields[1] for fields in earlier if fields[0] == "start"}

    # Whoever starts this in the background may have it ignored, which tests and their processes would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if details:
        run_details()
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("default")
        tests = list(cases(unittest.defaultTestLoader.loadTestsFromName("test." + module)))
        names, seen = {}, {}
        for test in tests:
            name = test.id().removeprefix("test." + module + ".")
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                name += f"#{seen[name]}"
            names[id(test)] = line(name)[:-1]
        for name in names.values():
            if name not in planned:
                write("plan", name)
        rest = [test for test in tests if names[id(test)] not in started]
        unittest.TestSuite(rest).run(Recorder(write, names))


main(*sys.argv[1:])
