"""Sums up JUnit-style results: count_tests.py RESULTS_DIR CTEST_STATUS.

Names every failed test case, prints `N passed, N failed` as the last line, and fails unless all is
well: a test program that crashed leaves no results, so ctest's status counts too.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def main() -> int:
    results, ctest_status = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    passed, failed = 0, []
    for report in sorted(results.glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(f"{case.get('classname')}.{case.get('name')}")
            elif case.get("status", "run") == "run" and case.find("skipped") is None:
                passed += 1
    for name in failed:
        print(f"failed: {name}")
    if ctest_status != 0 and not failed:
        print("a test program ended without a result of its own: see above")
        failed.append("unknown")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
