#!/usr/bin/env python3
"""Checks rules, alerts, runbooks and dashboards without a running program.

    observability.py              checks deploy/prometheus, deploy/runbooks and deploy/grafana
    observability.py --self-test  plants one mistake of every kind and sees each reported

That the metrics are there, and that no panel is empty, takes a running suite: see
tests/e2e/observability_test.py, which also keeps deploy/prometheus/metrics.txt true.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
RUNBOOKS = ROOT / "deploy/runbooks"
GRAFANA = ROOT / "deploy/grafana"

# Labels that Prometheus adds while scraping, and those that rules add.
SCRAPE_LABELS = {"namespace", "job", "pod", "instance", "le", "slo"}
PANEL_TYPES = {"row", "timeseries", "stat"}
# Of the units that Grafana knows, those that are used here.
UNITS = {"short", "s", "bytes", "percentunit", "ops", "reqps"}
VARIABLES = ["datasource", "namespace", "job", "pod"]


def read_golden():
    """{family: labels} of deploy/prometheus/metrics.txt, and the type of each."""
    families, types = {}, {}
    for line in (PROMETHEUS / "metrics.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        name, kind, labels = re.match(r"(\S+) (\w+) \{(.*?)\}", line).groups()
        families[name] = set(filter(None, labels.split(",")))
        types[name] = kind
    return families, types


def known_series(families, types, recorded):
    """{name of a series: its labels}."""
    series = {name: set(labels) for name, labels in families.items()}
    for name, kind in types.items():
        if kind in ("histogram", "summary"):
            for suffix in ("_bucket", "_sum", "_count"):
                series[name + suffix] = set(families[name])
    for name in recorded:
        series[name] = set()
    series["up"] = set()
    return series


SELECTOR = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?(?=[\s)\[/*<>=+-]|$)")
PREFIXES = ("crier", "grpc_", "process_", "exposer_", "up")


def check_series(where, expression, series):
    """Every series named in an expression exists, with the labels that it is selected by."""
    expression = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", " ", expression)
    for name, braces in SELECTOR.findall(expression):
        if not name.startswith(PREFIXES) or name == "up" and not braces:
            continue
        if name not in series:
            yield f"{where}: no such metric: {name}"
            continue
        for label in re.findall(r"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)", braces or ""):
            if label not in series[name] | SCRAPE_LABELS:
                yield f"{where}: {name} has no label {label}"


def check_rules(files, series):
    pages = {page.stem for page in RUNBOOKS.glob("*.md")}
    alerts = set()
    for name, content in files.items():
        for group in content["groups"]:
            for rule in group["rules"]:
                where = f"{name}: {rule.get('alert') or rule.get('record')}"
                yield from check_series(where, rule["expr"], series)
                if "alert" not in rule:
                    continue
                alerts.add(rule["alert"])
                annotations = rule.get("annotations", {})
                if rule.get("labels", {}).get("severity") not in ("page", "ticket"):
                    yield f"{where}: severity must be page or ticket"
                for required in ("summary", "description", "runbook"):
                    if not annotations.get(required):
                        yield f"{where}: has no {required}"
                page = f"deploy/runbooks/{rule['alert']}.md"
                if annotations.get("runbook") != page or rule["alert"] not in pages:
                    yield f"{where}: {page} must exist, and be its runbook"
    for orphan in sorted(pages - alerts):
        yield f"deploy/runbooks/{orphan}.md: there is no such alert"
    for page in sorted(pages & alerts):
        text = (RUNBOOKS / f"{page}.md").read_text(encoding="utf-8")
        for heading in ("## First queries", "## What to do"):
            if heading not in text:
                yield f"deploy/runbooks/{page}.md: has no section {heading}"
        for line in re.findall(r"^    (.+)$", text, re.M):
            yield from check_series(f"deploy/runbooks/{page}.md", line, series)


def check_tests(rules, tests):
    """Every alert has a case in which it fires, and one in which it does not."""
    fires, silent = set(), set()
    for content in tests.values():
        for case in content["tests"]:
            for expected in case.get("alert_rule_test", []):
                (fires if expected["exp_alerts"] else silent).add(expected["alertname"])
    alerts = {rule["alert"] for content in rules.values() for group in content["groups"]
              for rule in group["rules"] if "alert" in rule}
    for alert in sorted(alerts - fires):
        yield f"{alert}: no test sees it fire"
    for alert in sorted(alerts - silent):
        yield f"{alert}: no test sees it stay silent"


def check_inhibitions(rules, alertmanager):
    """The alerts that Alertmanager is told of by name are there."""
    alerts = {rule["alert"] for content in rules.values() for group in content["groups"]
              for rule in group["rules"] if "alert" in rule}
    for inhibition in alertmanager["inhibit_rules"]:
        for matcher in inhibition["source_matchers"] + inhibition["target_matchers"]:
            label, pattern = re.fullmatch(r'(\w+) =~? "(.+)"', matcher).groups()
            for name in pattern.split("|") if label == "alertname" else []:
                if not any(re.fullmatch(name, alert) for alert in alerts):
                    yield f"alertmanager.yml: there is no alert {name}"


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def plain(expression):
    """As Prometheus reads it: Grafana's variables filled in."""
    for variable, value in (("$__rate_interval", "1m"), ("$__range", "1h"), ("$__interval", "15s")):
        expression = expression.replace(variable, value)
    return re.sub(r"\$(namespace|job|pod)\b", ".*", expression)


def overlap(a, b):
    return (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and
            a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"])


def check_dashboard(name, dashboard, series):
    if [variable["name"] for variable in dashboard["templating"]["list"]] != VARIABLES:
        yield f"{name}: its variables must be {', '.join(VARIABLES)}"
    if not re.fullmatch(r"[a-z-]{1,40}", dashboard.get("uid", "")) or not dashboard.get("title"):
        yield f"{name}: needs a uid and a title"
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        yield f"{name}: two panels have one id"
    for index, panel in enumerate(dashboard["panels"]):
        where = f"{name}: {panel.get('title', '?')}"
        position = panel["gridPos"]
        if position["x"] + position["w"] > 24:
            yield f"{where}: wider than the grid"
        if any(overlap(position, other["gridPos"]) for other in dashboard["panels"][:index]):
            yield f"{where}: lies over another panel"
        if panel["type"] not in PANEL_TYPES:
            yield f"{where}: unknown type {panel['type']}"
        if not panel.get("title"):
            yield f"{where}: has no title"
        if panel["type"] == "row":
            continue
        if not panel.get("description"):
            yield f"{where}: has no description"
        if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield f"{where}: has no unit that is known here"
        if panel.get("datasource", {}).get("uid") != "${datasource}":
            yield f"{where}: must use the variable datasource"
        if not panel.get("targets"):
            yield f"{where}: asks for nothing"
        for target in panel.get("targets", []):
            if target.get("datasource", {}).get("uid") != "${datasource}":
                yield f"{where}: must use the variable datasource"
            for window in re.findall(r"\[([^\]]*)\]", target["expr"]):
                if window not in ("$__rate_interval", "$__range"):
                    yield f"{where}: [{window}] must be [$__rate_interval]"
            yield from check_series(where, plain(target["expr"]), series)


def check_syntax(dashboards):
    rules = [{"record": f"panel:{index}", "expr": plain(expression)} for index, expression in enumerate(
        expression for dashboard in dashboards.values() for _, expression in expressions(dashboard))]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}, file)
        file.flush()
        yield from run(["promtool", "check", "rules", file.name])


def run(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        yield f"{' '.join(map(str, command))}:\n{result.stdout}"


def load():
    def read(pattern):
        return {path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
                for path in sorted(PROMETHEUS.glob(pattern))}
    rules = {name: read(name)[name] for name in ("alerts.yml", "slo.yml")}
    dashboards = {path.name: json.loads(path.read_text(encoding="utf-8"))
                  for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
    return rules, read("*_test.yml"), dashboards, read("alertmanager.yml")["alertmanager.yml"]


def check_content(rules, tests, dashboards, alertmanager):
    families, types = read_golden()
    recorded = {rule["record"] for content in rules.values() for group in content["groups"]
                for rule in group["rules"] if "record" in rule}
    series = known_series(families, types, recorded)
    yield from check_rules(rules, series)
    yield from check_tests(rules, tests)
    yield from check_inhibitions(rules, alertmanager)
    for name, dashboard in dashboards.items():
        yield from check_dashboard(name, dashboard, series)
    yield from check_syntax(dashboards)


def check():
    rules, tests, dashboards, alertmanager = load()
    yield from check_content(rules, tests, dashboards, alertmanager)
    yield from run([PROMETHEUS / "generate.py", "--check"])
    yield from run([GRAFANA / "generate.py", "--check"])
    for name in rules:
        yield from run(["promtool", "check", "rules", PROMETHEUS / name])
    for name in tests:
        yield from run(["promtool", "test", "rules", PROMETHEUS / name])


def self_test():
    whole = load()
    board = next(iter(whole[2]))

    def first_alert(content):
        return content["alerts.yml"]["groups"][0]["rules"][0]

    def panel(content):
        return next(p for p in content[board]["panels"] if p["type"] == "timeseries")

    mistakes = [
        ("severity must be", lambda r, t, d, a: first_alert(r)["labels"].update(severity="critical")),
        ("has no summary", lambda r, t, d, a: first_alert(r)["annotations"].pop("summary")),
        ("be its runbook", lambda r, t, d, a: first_alert(r)["annotations"].update(runbook="deploy/runbooks/y.md")),
        ("no such metric", lambda r, t, d, a: first_alert(r).update(expr="crier_invented_total > 1")),
        ("has no label", lambda r, t, d, a: first_alert(r).update(expr='crier_ready{color="red"} > 1')),
        ("no test sees it fire", lambda r, t, d, a: first_alert(r).update(alert="CrierNobodyTestsMe")),
        ("no such metric", lambda r, t, d, a: panel(d)["targets"][0].update(expr="rate(crier_invented_total[$__rate_interval])")),
        ("must be [$__rate_interval]", lambda r, t, d, a: panel(d)["targets"][0].update(expr="rate(crier_ready[5m])")),
        ("promtool check rules", lambda r, t, d, a: panel(d)["targets"][0].update(expr="sum(crier_ready")),
        ("has no description", lambda r, t, d, a: panel(d).pop("description")),
        ("no unit", lambda r, t, d, a: panel(d)["fieldConfig"]["defaults"].update(unit="parsec")),
        ("the variable datasource", lambda r, t, d, a: panel(d).update(datasource={"uid": "mine"})),
        ("lies over another", lambda r, t, d, a: panel(d)["gridPos"].update(x=0, y=0, w=24, h=30)),
        ("one id", lambda r, t, d, a: panel(d).update(id=1)),
        ("there is no alert", lambda r, t, d, a: a["inhibit_rules"][0]["target_matchers"].append('alertname = "CrierX"')),
        ("its variables", lambda r, t, d, a: d[board]["templating"]["list"].pop()),
    ]
    missed = 0
    for expected, plant in mistakes:
        content = copy.deepcopy(whole)
        plant(*content)
        if not any(expected in finding for finding in check_content(*content)):
            missed += 1
            print(f"observability self-test: nobody noticed: {expected}")
    return 1 if missed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    findings = list(check())
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
