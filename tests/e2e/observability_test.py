"""What operators see of a suite under load: metrics, logs, traces, and every panel of the dashboards.

One `crier` gets a load with secrets and e-mail addresses planted in it, is scraped by a real
Prometheus with the rules of deploy/prometheus, and sends its traces to a fake collector.

With CRIER_UPDATE_GOLDEN=1 deploy/prometheus/metrics.txt is written instead of compared.
"""

import datetime
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

import grpc
from crier.entity.v1 import contact_pb2, organization_pb2
from crier.ingest.v1 import ingest_service_pb2
from crier.workflow.v1 import workflow_service_pb2

from all_in_one import AllInOne
from fake_collector import Collector
from members import batch_of, member
from suite import TIMEOUT_SECONDS, Receiver, eventually

ROOT = pathlib.Path(os.environ["CRIER_ROOT"])
sys.path.insert(0, str(ROOT / "tools/lint.d"))
import observability  # pylint: disable=wrong-import-position  # reads dashboards and the golden file

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
GOLDEN = ROOT / "deploy/prometheus/metrics.txt"
SCRAPE_SECONDS = 1

# Planted where they must not get out from: nothing that a person or a machine would write by chance.
SECRET = "planted-secret-7c1d"
HEADER = "planted-header-9e4b"
MAILBOX = "planted.person"
PLANTED = [SECRET, HEADER, MAILBOX, "planted-path", "Planted Surname"]

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"

# There once a reader of the log is registered and the hourly look at readers has seen it; their labels are
# the names of readers, of which there is a small number.
LATE_METRICS = ("crier_ingest_log_reader_unconfirmed_events", "crier_ingest_log_held_back_seconds")

# The wide line of an attempt; the names are an API.
ATTEMPT_FIELDS = ["time", "level", "service", "message", "trace_id", "community", "webhook", "workflow", "delivery",
                  "attempt", "outcome", "status", "state", "duration", "event_age", "next_attempt_in",
                  "response_bytes", "sampled_1_in"]


def free_port():
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return candidate.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read().decode()


def families_of(text):
    """{name: (type, labels, help)} of a page of metrics."""
    families, kind_of = {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, help_text = line.split(" ", 3)
            families[name] = ["", set(), help_text]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            families.setdefault(name, ["", set(), ""])[0] = kind
            kind_of[name] = kind
        elif line:
            name, labels = re.match(r"([^{ ]+)(?:\{(.*)\})? ", line).groups()
            base = name if name in families else re.sub("_(bucket|sum|count)$", "", name)
            families[base][1] |= set(re.findall(r'(\w+)="', labels or "")) - {"le", "quantile"}
    return families


def golden_of(families):
    lines = ["# What a Crier exposes on /metrics: name, type, labels, help. The names are an API. Checked against a",
             "# running suite by tests/e2e/observability_test.py; CRIER_UPDATE_GOLDEN=1 writes it."]
    lines += [f"{name} {kind} {{{','.join(sorted(labels))}}} {help_text}"
              for name, (kind, labels, help_text) in sorted(families.items())]
    return "\n".join(lines) + "\n"


def series_of(text):
    return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line and not line.startswith("#")}


class Prometheus:
    """A server of its own, with the rules of deploy/prometheus, that scrapes one target."""

    def __init__(self, target):
        self._folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self._folder.name)
        rules = []
        for name in ("slo.yml", "alerts.yml"):
            # The same rules, evaluated as often as this test needs them.
            text = (ROOT / "deploy/prometheus" / name).read_text(encoding="utf-8")
            (folder / name).write_text(text.replace("interval: 30s", f"interval: {SCRAPE_SECONDS}s"), encoding="utf-8")
            rules.append(name)
        (folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
            "rule_files": rules,
            "scrape_configs": [{"job_name": "crier", "static_configs": [
                {"targets": [target], "labels": {"namespace": "test", "pod": "crier-0"}}]}]}), encoding="utf-8")
        self.url = f"http://127.0.0.1:{free_port()}"
        with open(folder / "log", "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={self.url.removeprefix('http://')}"], stdout=log, stderr=log)

    def query(self, expression):
        """The values of an instant query; none while the server is not up."""
        try:
            answer = json.loads(get(f"{self.url}/api/v1/query?query={urllib.parse.quote(expression)}"))
        except OSError:
            return []
        return [float(result["value"][1]) for result in answer["data"]["result"]]

    def close(self):
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


def time_of(line):
    return datetime.datetime.fromisoformat(line["time"])


class ObservabilityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.level_file = pathlib.Path(tempfile.mkdtemp()) / "level"
        cls.level_file.write_text("debug\n", encoding="utf-8")
        # What comes last is closed first.
        cls.receiver = cls.enter(Receiver())
        cls.refusing = cls.enter(Receiver(lambda received: 503))
        cls.collector = cls.enter(Collector())
        cls.crier = cls.enter(AllInOne(
            POSTGRES_URL, [cls.receiver.port, cls.refusing.port], f"--log-level-file={cls.level_file}",
            "--delivery.send-traceparent", f"--trace-otlp-endpoint={cls.collector.endpoint}"))
        cls.metrics_url = f"http://127.0.0.1:{cls.crier.metrics_port}/metrics"
        cls.prometheus = Prometheus(f"127.0.0.1:{cls.crier.metrics_port}")
        cls.addClassCleanup(cls.prometheus.close)
        cls.series_before = series_of(get(cls.metrics_url))
        cls.ended = threading.Event()
        cls.create_workflows()
        cls.load = threading.Thread(target=cls.run_load)
        cls.load.start()
        cls.addClassCleanup(cls.load.join)
        cls.addClassCleanup(cls.ended.set)
        cls.receiver.wait_until(lambda received: len(received) >= 50)
        cls.refusing.wait_until(lambda received: len(received) >= 5)

    @classmethod
    def enter(cls, thing):
        thing.__enter__()
        cls.addClassCleanup(thing.__exit__, None, None, None)
        return thing

    @classmethod
    def create_workflows(cls):
        for community in (1, 2, 3):
            for port in (cls.receiver.port, cls.refusing.port):
                cls.crier.create_enabled_workflow(
                    community, workflow_service_pb2.Workflow.NEW_MEMBER, f"http://127.0.0.1:{port}/planted-path",
                    secret=SECRET, custom_headers={"x-planted": HEADER})

    @classmethod
    def run_load(cls):
        """A few records every moment until the tests are over, each call with the planted trace."""
        records, workflows = cls.crier.records, cls.crier.workflows
        number = 0
        while not cls.ended.wait(0.2):
            members = []
            for community in (1, 2, 3):
                number += 1
                members.append(member(community, primary_email=f"{MAILBOX}{number}@example.com",
                                      full_name="Planted Surname"))
            workflows.ListWorkflows(workflow_service_pb2.ListWorkflowsRequest(parent="communities/1"), timeout=30)
            metadata = [("traceparent", TRACEPARENT)]
            records.BatchIngest(batch_of(members), metadata=metadata, timeout=30)
            records.UpsertOrganization(ingest_service_pb2.UpsertOrganizationRequest(
                parent="communities/1", organization=organization_pb2.Organization(
                    domain=f"planted{number}.example.com", display_name="Planted")), metadata=metadata, timeout=30)
            try:  # a mistake of the caller's; its answer names the field, and no log shows the value
                records.UpsertContact(ingest_service_pb2.UpsertContactRequest(
                    parent=MAILBOX, contact=contact_pb2.Contact(primary_email=f"{MAILBOX}@")), timeout=30)
            except grpc.RpcError:
                pass

    def wait_for_log(self, wanted):
        """The first line, parsed, for which wanted() holds."""
        seen = 0

        def look():
            nonlocal seen
            lines = self.crier.log[seen:]
            seen += len(lines)
            return next(filter(wanted, map(json.loads, lines)), None)
        return eventually(look)

    def test_metrics_are_those_of_the_golden_file(self):
        families = families_of(get(self.metrics_url))
        known = dict(line.split(" ", 1) for line in GOLDEN.read_text(encoding="utf-8").splitlines())
        for name in LATE_METRICS:
            kind, labels, help_text = re.match(r"(\w+) \{(.*?)\} (.*)", known[name]).groups()
            families.setdefault(name, (kind, set(labels.split(",")), help_text))
        actual = golden_of(families)
        if os.environ.get("CRIER_UPDATE_GOLDEN"):
            GOLDEN.write_text(actual, encoding="utf-8")
        self.assertEqual(GOLDEN.read_text(encoding="utf-8").splitlines(), actual.splitlines())

    def test_promtool_has_nothing_to_say(self):
        result = subprocess.run(["promtool", "check", "metrics"], input=get(self.metrics_url), text=True,
                                capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_load_makes_no_new_series(self):
        """Every label value comes from a fixed set: all series are there before the first call."""
        new = series_of(get(self.metrics_url)) - self.series_before
        self.assertEqual({series for series in new if not series.startswith(("exposer_", *LATE_METRICS))}, set())

    def test_no_panel_is_empty(self):
        _, _, dashboards, _ = observability.load()
        queries = {(dashboard["title"], title, query) for dashboard in dashboards.values()
                   for title, query in observability.expressions(dashboard)}
        self.assertGreater(len(queries), 60)

        def look():
            queries.difference_update([one for one in queries if self.has_values(one[2])])
            return queries
        eventually(look, lambda empty: not empty)

    def has_values(self, query):
        """Whether a panel with this query shows something."""
        expression = (query.replace("$__rate_interval", "15s").replace("$__range", "1m")
                      .replace("$namespace", ".*").replace("$job", ".*").replace("$pod", ".*"))
        return any(value == value for value in self.prometheus.query(expression))

    def test_rules_are_evaluated_and_nothing_is_wrong(self):
        groups = json.loads(get(f"{self.prometheus.url}/api/v1/rules"))["data"]["groups"]
        self.assertEqual([], [rule["name"] for group in groups for rule in group["rules"] if rule.get("lastError")])

    def test_planted_secrets_stay_where_they_are(self):
        self.wait_for_log(lambda line: line["level"] == "debug")
        self.wait_for_log(lambda line: line["message"] == "attempt finished" and line["outcome"] == "refused")
        logs, metrics = "".join(self.crier.log), get(self.metrics_url)
        for planted in PLANTED:
            self.assertNotIn(planted, logs)
            self.assertNotIn(planted, metrics)
        self.assertNotRegex(logs, r"[\w.]+@[\w-]+\.\w")

    def test_every_line_is_one_json_object_with_the_same_first_fields(self):
        for line in list(self.crier.log):
            names = list(json.loads(line))
            self.assertEqual(names[:4], ["time", "level", "service", "message"])
            self.assertEqual(len(names), len(set(names)))

    def test_every_failed_attempt_has_a_wide_line(self):
        line = self.wait_for_log(lambda it: it["message"] == "attempt finished" and it["outcome"] == "refused")
        self.assertEqual(list(line), ATTEMPT_FIELDS)
        self.assertEqual((line["level"], line["status"], line["state"], line["sampled_1_in"]),
                         ("info", 503, "pending", 1))
        self.assertEqual(line["trace_id"], TRACE_ID)
        attempts = {received.message_id for received in self.refusing.received()}
        for attempt in attempts:
            self.wait_for_log(lambda it, attempt=attempt: it["message"] == "attempt finished" and
                              it["delivery"] == attempt)

    def test_successes_are_sampled(self):
        line = self.wait_for_log(lambda it: it["message"] == "attempt finished" and it["outcome"] == "succeeded")
        self.assertEqual((line["level"], line["sampled_1_in"]), ("info", 100))
        line = self.wait_for_log(lambda it: it["message"] == "attempt finished" and it["outcome"] == "succeeded" and
                                 it["level"] == "debug")
        self.assertEqual(list(line), ATTEMPT_FIELDS)

    def test_the_level_follows_its_file(self):
        def changed_to(level):
            return lambda line: line["message"] == "log level changed" and line["to"] == level

        self.wait_for_log(changed_to("debug"))
        self.level_file.write_text("warning\n", encoding="utf-8")
        # A line may have been begun just before.
        since = time_of(self.wait_for_log(changed_to("warning"))) + datetime.timedelta(seconds=0.1)
        # Each of these had its line before.
        self.receiver.wait_until(lambda received, before=len(self.receiver.received()): (
            len(received) > before + 20 and datetime.datetime.now(datetime.timezone.utc) > since + datetime.timedelta(seconds=1)))
        later = [line for line in map(json.loads, list(self.crier.log)) if time_of(line) > since]
        self.assertEqual([line for line in later if line["level"] in ("debug", "info")], [])
        self.level_file.write_text("debug\n", encoding="utf-8")

    def test_a_trace_leads_from_the_caller_to_the_receiver(self):
        received = self.receiver.received()[0]
        self.assertRegex(received.headers["traceparent"], f"^00-{TRACE_ID}-[0-9a-f]{{16}}-01$")
        wanted = {"crier.ingest.v1.IngestService/BatchIngest", "ingest.commit", "evaluator.evaluate",
                  "crier.delivery.v1.DeliveryService/EnqueueDeliveries", "delivery.attempt"}
        spans = self.collector.wait_until(
            lambda spans: wanted <= {span.name for span in spans if span.trace_id == TRACE_ID} and
            any(span.name == "delivery.attempt" and span.failed for span in spans), TIMEOUT_SECONDS)

        by_id = {span.span_id: span for span in spans}
        call = next(span for span in spans if span.name.endswith("/BatchIngest"))
        self.assertEqual((call.service, call.parent_id, call.failed), ("crier", "b7ad6b7169203331", False))
        attempts = [span for span in spans if span.name == "delivery.attempt" and span.parent_id in by_id]
        self.assertTrue(attempts)
        self.assertTrue(by_id[attempts[0].parent_id].name.startswith("crier.ingest.v1.IngestService/"))
        for span in spans:
            for planted in PLANTED:
                self.assertNotIn(planted, span.name)


if __name__ == "__main__":
    unittest.main()
