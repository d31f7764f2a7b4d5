"""deploy/settings.md lists the settings that the servers have, and deployments set no others.

    settings_test.py --write    writes the file anew, from the binaries in CRIER_BIN
"""

import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(os.environ["CRIER_ROOT"])
BIN = pathlib.Path(os.environ["CRIER_BIN"])
FILE = ROOT / "deploy" / "settings.md"
SERVICES = ["ingest", "evaluator", "delivery"]
HEAD = """# Settings

Made from `crier --help` by `tests/python/settings_test.py --write`; a test compares. Each is a flag
(`--log-level=debug`), an environment variable (`CRIER_LOG_LEVEL`: capitals, `_` for `-` and `.`) or a line of
the file that `--config` names (`log-level = debug`). Secrets may also stand in a file, which `NAME-file` names.

`crier` has those of a service with its name before them (`delivery.max-in-flight`); `crier-delivery` without
(`max-in-flight`). On their own, the services listen on 7401, 7402 and 7403 (metrics 9401, 9402 and 9403), need a
`postgres-url`, and know nothing of `migrate-at-start`.
"""


def settings_of(program):
    """Name, default and meaning of each, in the order of --help."""
    text = subprocess.run([str(BIN / program), "--help"], check=True, capture_output=True, text=True).stdout
    for name, body in re.findall(r"^  --([a-z.-]+)(?:\[?=[^\n]*)?\n((?:      [^\n]*\n)+)", text, re.MULTILINE):
        words = " ".join(line.strip() for line in body.splitlines())
        parts = re.match(r"(.*?) ?(Required\.|Default: .*?\.) Environment: (CRIER_[A-Z_]+)\.(.*)", words)
        if parts:  # not --help and --version
            meaning, default, variable, rest = parts.groups()
            yield name, default.removeprefix("Default: ").rstrip(".") or "empty", meaning, variable, "PATH" in rest


def table(rows):
    lines = ["| setting | default | |", "|---|---|---|"]
    for name, default, meaning, _, secret in rows:
        cells = [f"`{name}`" + (f", `{name}-file`" if secret else ""), default, meaning]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def text():
    rows = list(settings_of("crier"))
    result = HEAD + "\n## Every server\n\n" + table([row for row in rows if "." not in row[0]])
    for service in SERVICES:
        own = [(row[0].removeprefix(f"{service}."), *row[1:]) for row in rows if row[0].startswith(f"{service}.")]
        result += f"\n## {service.capitalize()}\n\n" + table(own)
    return result


def variables(service):
    """What the environment of a service on its own may have; of `crier` when there is none."""
    for name, _, _, variable, secret in settings_of("crier"):
        if service and "." in name:
            if not name.startswith(f"{service}."):
                continue
            variable = variable.replace(f"CRIER_{service.upper()}_", "CRIER_", 1)
        yield variable
        if secret:
            yield f"{variable}_FILE"


class SettingsTest(unittest.TestCase):
    maxDiff = None

    def test_the_manual_lists_every_setting(self):
        self.assertEqual(FILE.read_text(encoding="utf-8"), text(), "run tests/python/settings_test.py --write")

    def test_deployments_set_what_there_is(self):
        known = {**{service: set(variables(service)) for service in SERVICES}, "migrate": set(variables(""))}
        for service, names in known.items():
            files = [file for folder in ("base", "components/tls")
                     for file in (ROOT / "deploy/kubernetes" / folder).glob(f"{service}.yaml")]
            used = {name for file in files for name in re.findall(r"name: (CRIER_[A-Z_]+)", file.read_text(encoding="utf-8"))}
            self.assertTrue(used)
            self.assertEqual(used - names, set(), service)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(text(), encoding="utf-8")
    else:
        unittest.main()
