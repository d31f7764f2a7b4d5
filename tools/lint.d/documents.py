#!/usr/bin/env python3
"""Checks that what documents point to is there: the targets of links, and paths in backquotes.

    documents.py              checks this checkout; prints each that leads nowhere, exits 1 if there is one
    documents.py --self-test  plants one of each kind and sees it reported

A path may leave out `services/` and the name of a service, and the ending of the file, as prose does:
`domain/log/log_tail` is services/ingest/domain/log/log_tail.h.
"""

import os
import pathlib
import re
import subprocess
import sys

ENDINGS = (".h", ".cc", ".py", ".proto")
LINK = re.compile(r"\]\(([^)#\s]+)")
# Two names or more with slashes between them, and nothing that stands for something else.
PATH = re.compile(r"`(\./)?(\.?\w[\w.-]*(?:/[\w.-]+)+)/?`")
# What tools make in a checkout, and names that are no paths.
ELSEWHERE = re.compile(r"\.crier/|build/|application/|google/")


def paths_of(files):
    """Every file and folder, and every file without its ending."""
    paths = set(files)
    for file in files:
        paths.update(str(parent) for parent in pathlib.PurePosixPath(file).parents)
        for ending in ENDINGS:
            paths.add(file.removesuffix(ending))
    return paths


def lost(document, text, paths):
    """What the document points to and is not there."""
    folder = os.path.dirname(document)
    services = sorted({path.split("/")[1] for path in paths if path.startswith("services/") and "." not in path})
    for number, line in enumerate(text.splitlines(), 1):
        for target in LINK.findall(line):
            if "://" not in target and os.path.normpath(os.path.join(folder, target)) not in paths:
                yield f"{document}:{number}: the link to {target} leads nowhere"
        for _, path in PATH.findall(line):
            readings = (path, f"services/{path}", *(f"services/{service}/{path}" for service in services),
                        os.path.normpath(os.path.join(folder, path)))
            if not ELSEWHERE.match(path) and not any(reading in paths for reading in readings):
                yield f"{document}:{number}: there is no {path}"


def self_test():
    paths = paths_of(["README.md", "deploy/README.md", "deploy/settings.md", "services/ingest/domain/log/log_tail.h",
                      "tools/lint"])
    cases = [
        ("README.md", "see [this](deploy/settings.md) and [that](https://example.com/x)", 0),
        ("README.md", "see [this](settings.md)", 1),
        ("deploy/README.md", "see [this](settings.md), `tools/lint`, `./tools/lint`, `tools/`", 0),
        ("deploy/README.md", "see [this](deploy/settings.md)", 1),
        ("README.md", "`ingest/domain/log/log_tail`, `domain/log/log_tail`, `services/ingest/domain/`", 0),
        ("README.md", "`.crier/demo.log`, `application/json`, `services/<service>/domain`", 0),
        ("README.md", "`ingest/domain/log/log_head`", 1),
        ("README.md", "`tools/linter`, and `domain/gone/`", 2),
    ]
    wrong = [case for case in cases if len(list(lost(case[0], case[1], paths))) != case[2]]
    for case in wrong:
        print(f"documents self-test: {case}")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    paths = paths_of(files)
    found = [line for file in files if file.endswith(".md")
             for line in lost(file, pathlib.Path(file).read_text(encoding="utf-8"), paths)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
