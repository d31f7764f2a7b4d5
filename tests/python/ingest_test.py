"""A client in another language: ingests the sample records into a running `crier` and compares what
a receiver gets with the documented payloads."""

import http.server
import json
import os
import pathlib
import queue
import secrets
import signal
import subprocess
import threading
import unittest

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

from crier.delivery.v1 import webhook_service_pb2, webhook_service_pb2_grpc
from crier.ingest.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from crier.workflow.v1 import workflow_service_pb2, workflow_service_pb2_grpc

TIMEOUT_SECONDS = 60
CRIER = str(pathlib.Path(os.environ["CRIER_BIN"], "crier"))
TESTDATA = pathlib.Path(os.environ["CRIER_ROOT"], "tests", "testdata")
# The community that the sample activity's URL names.
PARENT = "communities/123"
Workflow = workflow_service_pb2.Workflow
IngestResult = ingest_service_pb2.IngestResult


class Receiver:
    """The customer's endpoint, on a free port. `bodies` gets what arrives."""

    def __init__(self):
        self.bodies = bodies = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                bodies.put(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Crier:
    """The all-in-one binary on free ports, with schemas of its own."""

    def __init__(self, postgres_url, receiver_port):
        self._postgres_url = postgres_url
        self._schemas = {service: f"python_{secrets.token_hex(4)}_{service}"
                         for service in ("ingest", "evaluator", "delivery")}
        self._log = []
        self._lines = queue.Queue()
        arguments = [CRIER, f"--postgres-url={postgres_url}", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0",
                     "--delivery.allow-http", "--delivery.allowed-targets=127.0.0.1/32",
                     f"--delivery.allowed-ports={receiver_port}", "--delivery.allow-plaintext-secrets"]
        arguments += [f"--{service}.postgres-schema={schema}" for service, schema in self._schemas.items()]
        # The variables of the tests are not settings of crier.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CRIER_")}
        self._process = subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True,
                                         encoding="utf-8")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        try:
            port = self._wait_for("serving")["grpc_port"]
            self._wait_for("ready")
        except BaseException:
            self.__exit__()
            raise
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")

    def _read(self):
        for line in self._process.stderr:
            self._log.append(line)
            try:
                self._lines.put(json.loads(line))
            except ValueError:
                continue  # kept in the log
        self._lines.put(None)

    def _wait_for(self, message):
        while True:
            line = self._lines.get(timeout=TIMEOUT_SECONDS)
            if line is None:
                raise AssertionError(f"crier ended before '{message}':\n{''.join(self._log[-30:])}")
            if line.get("message") == message:
                return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if hasattr(self, "channel"):
            self.channel.close()
        self._process.send_signal(signal.SIGTERM)
        exit_code = self._process.wait(timeout=TIMEOUT_SECONDS)
        self._reader.join()
        self._process.stderr.close()
        drops = [["-c", f"DROP SCHEMA IF EXISTS {schema} CASCADE"] for schema in self._schemas.values()]
        subprocess.run(["psql", self._postgres_url, "-q", "-c", "SET client_min_messages = error", *sum(drops, [])],
                       check=True, timeout=TIMEOUT_SECONDS)
        if exit_code != 0:
            raise AssertionError(f"crier exited with {exit_code}:\n{''.join(self._log[-30:])}")


def sample(kind, request):
    """The sample record of a kind, as the request that it is."""
    text = TESTDATA.joinpath("records", f"{kind}.json").read_text(encoding="utf-8")
    json_format.Parse(text, request)
    request.parent = PARENT
    return request


def ordered(text):
    """JSON with objects as lists of pairs, so that the order of keys counts."""
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs))


class IngestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = cls.enterClassContext(Receiver())
        cls.crier = cls.enterClassContext(Crier(os.environ["CRIER_TEST_POSTGRES_URL"], cls.receiver.port))
        cls.records = ingest_service_pb2_grpc.IngestServiceStub(cls.crier.channel)

    def enable_workflow(self, template):
        webhooks = webhook_service_pb2_grpc.WebhookServiceStub(self.crier.channel)
        workflows = workflow_service_pb2_grpc.WorkflowServiceStub(self.crier.channel)
        url = f"http://127.0.0.1:{self.receiver.port}/hook"
        webhook = webhooks.CreateWebhook(webhook_service_pb2.CreateWebhookRequest(
            parent=PARENT, webhook=webhook_service_pb2.Webhook(display_name="receiver", url=url)))
        workflow = workflows.CreateWorkflow(workflow_service_pb2.CreateWorkflowRequest(
            parent=PARENT, workflow=Workflow(display_name="test", template=template, webhook=webhook.name)))
        workflows.EnableWorkflow(workflow_service_pb2.EnableWorkflowRequest(name=workflow.name))

    def assert_delivered(self, kind):
        delivered = self.receiver.bodies.get(timeout=TIMEOUT_SECONDS).decode("utf-8")
        documented = TESTDATA.joinpath("payloads", f"{kind}.json").read_text(encoding="utf-8")
        self.assertEqual(ordered(delivered), ordered(documented))

    def test_sample_records_arrive_as_the_documented_payloads(self):
        for template in (Workflow.NEW_MEMBER, Workflow.NEW_ORGANIZATION, Workflow.NEW_ACTIVITY):
            self.enable_workflow(template)

        organization = self.records.UpsertOrganization(
            sample("organization", ingest_service_pb2.UpsertOrganizationRequest()))
        self.assert_delivered("organization")
        contact = self.records.UpsertContact(sample("contact", ingest_service_pb2.UpsertContactRequest()))
        self.assert_delivered("contact")
        activity = self.records.RecordActivity(sample("activity", ingest_service_pb2.RecordActivityRequest()))
        self.assert_delivered("activity")

        for result, collection in ((contact, "contacts"), (organization, "organizations"), (activity, "activities")):
            self.assertEqual(result.outcome, IngestResult.CREATED)
            self.assertRegex(result.name, rf"^{PARENT}/{collection}/[1-9]\d*$")
        again = self.records.RecordActivity(sample("activity", ingest_service_pb2.RecordActivityRequest()))
        self.assertEqual((again.outcome, again.name), (IngestResult.UNCHANGED, activity.name))

    def test_one_bad_item_fails_alone(self):
        request = ingest_service_pb2.BatchIngestRequest()
        for email in ("ada@example.com", "not an address", "grace@example.com"):
            contact = request.items.add().contact
            contact.parent = "communities/9"
            contact.contact.primary_email = email
            contact.sightings.add(source="GitHub")

        results = self.records.BatchIngest(request).results

        self.assertEqual([result.WhichOneof("outcome") for result in results], ["result", "error", "result"])
        self.assertEqual([results[0].result.outcome, results[2].result.outcome], [IngestResult.CREATED] * 2)
        self.assertEqual(results[1].error.code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        self.assertEqual(self.fields_of(results[1].error), ["contact.primary_email"])

    def test_a_bad_request_names_every_field(self):
        request = ingest_service_pb2.UpsertOrganizationRequest(parent="communities/none")
        request.organization.domain = "no dot"

        with self.assertRaises(grpc.RpcError) as caught:
            self.records.UpsertOrganization(request)

        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        metadata = dict(caught.exception.trailing_metadata())
        status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
        self.assertIn("parent", self.fields_of(status))

    def fields_of(self, status):
        """The fields that a google.rpc.Status finds wrong."""
        bad_request = error_details_pb2.BadRequest()
        for detail in status.details:
            if detail.Unpack(bad_request):
                return [violation.field for violation in bad_request.field_violations]
        self.fail(f"no BadRequest in {status}")


if __name__ == "__main__":
    unittest.main()
