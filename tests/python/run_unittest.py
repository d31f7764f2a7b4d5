"""Runs the tests of one file: run_unittest.py FILE. As `python3 -m unittest` does, and writes the
results as JUnit XML into the folder CRIER_TEST_RESULTS when that is set."""

import importlib
import os
import pathlib
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


class Result(unittest.TextTestResult):
    """Keeps every test case with what became of it."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.cases = []

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()

    def _record(self, test, verdict=None, text=""):
        classname, _, name = test.id().rpartition(".")
        case = ElementTree.Element("testcase", classname=classname, name=name,
                                   time=f"{time.monotonic() - getattr(self, '_began', time.monotonic()):.3f}")
        if verdict:
            # XML has no place for control characters, which output may well hold.
            text = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
            ElementTree.SubElement(case, verdict).text = text
        self.cases.append(case)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._record(test)

    def addError(self, test, err):
        super().addError(test, err)
        self._record(test, "error", self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._record(test, "failure", self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._record(subtest, "failure", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record(test, "skipped", reason)


def main() -> int:
    path = pathlib.Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(path.parent))
    tests = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(path.stem))
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(tests)
    folder = os.environ.get("CRIER_TEST_RESULTS")
    if folder:
        suite = ElementTree.Element("testsuite", name=path.stem)
        suite.extend(result.cases)
        # A GoogleTest program may have the same name, and whichever came second would replace the other's results.
        ElementTree.ElementTree(suite).write(pathlib.Path(folder, f"python-{path.stem}.xml"), encoding="utf-8")
    # A file without tests proves nothing.
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
