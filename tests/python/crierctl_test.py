"""crierctl against servers that are written here: what it sends, shows and answers."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import pathlib
import queue
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import error_details_pb2, status_pb2

from crier.delivery.v1 import (delivery_service_pb2, delivery_service_pb2_grpc, webhook_service_pb2,
                               webhook_service_pb2_grpc)
from crier.ingest.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from crier.workflow.v1 import workflow_service_pb2, workflow_service_pb2_grpc

CRIERCTL = str(pathlib.Path(os.environ["CRIER_BIN"], "crierctl"))
TIMEOUT_SECONDS = 60
SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Webhook = webhook_service_pb2.Webhook
Exchange = webhook_service_pb2.Exchange
Workflow = workflow_service_pb2.Workflow


def packed(detail):
    result = any_pb2.Any()
    result.Pack(detail)
    return result


def failure(code, message, *details):
    """A google.rpc.Status with details, an ErrorInfo among them, as every error of a server has."""
    info = error_details_pb2.ErrorInfo(reason=code.name, domain="crier.dev")
    return status_pb2.Status(code=code.value[0], message=message,
                             details=[packed(detail) for detail in (info, *details)])


def bad_field(field, description):
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
    return failure(grpc.StatusCode.INVALID_ARGUMENT, f"{field} {description}",
                   error_details_pb2.BadRequest(field_violations=[violation]))


def overloaded():
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(1)
    return failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "the server is full", retry)


def abort(context, status):
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    context.abort(code, status.message)


class FakeCrier(webhook_service_pb2_grpc.WebhookServiceServicer,
                delivery_service_pb2_grpc.DeliveryServiceServicer,
                workflow_service_pb2_grpc.WorkflowServiceServicer,
                ingest_service_pb2_grpc.IngestServiceServicer):
    """Answers what the test has put into `answers`, a function or message by method; keeps requests."""

    def __init__(self):
        self.answers = {}
        self.requests = []
        self._lock = threading.Lock()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(self, self._server)
        delivery_service_pb2_grpc.add_DeliveryServiceServicer_to_server(self, self._server)
        workflow_service_pb2_grpc.add_WorkflowServiceServicer_to_server(self, self._server)
        ingest_service_pb2_grpc.add_IngestServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.stop(None).wait()

    def _answer(self, method, request, context):
        with self._lock:
            self.requests.append(request)
            answer = self.answers[method]
            answer = answer(request) if callable(answer) else answer
        if isinstance(answer, status_pb2.Status):
            abort(context, answer)
        return answer


def _answering(method):
    return lambda self, request, context: self._answer(method, request, context)


for _method in ("CreateWebhook", "GetWebhook", "ListWebhooks", "UpdateWebhook", "DeleteWebhook", "TestWebhook",
                "PauseWebhook", "ResumeWebhook", "EnableWebhook", "DisableWebhook",
                "ListDeliveries", "GetDelivery", "CreateWorkflow", "ListWorkflows", "UpdateWorkflow",
                "PreviewWorkflow", "EnableWorkflow", "DisableWorkflow", "DeleteWorkflow", "BatchIngest"):
    setattr(FakeCrier, _method, _answering(_method))


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.crier = self.enterContext(FakeCrier())

    def run_crierctl(self, *words, exit_code=0, stdin=""):
        """Its output and its errors; fails unless it exits as expected."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CRIER_")}
        environment |= {"CRIER_SERVER": self.crier.address, "CRIER_COMMUNITY": "7"}
        done = subprocess.run([CRIERCTL, *words], env=environment, input=stdin, capture_output=True, text=True,
                              encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return done.stdout, done.stderr


class WebhooksTest(CommandTest):
    def test_create_sends_every_field_and_shows_the_signing_secret_once(self):
        self.crier.answers["CreateWebhook"] = lambda request: Webhook(
            name="communities/7/webhooks/3", display_name=request.webhook.display_name, url=request.webhook.url,
            has_secret=True, signing_secret=SIGNING_SECRET)

        out, _ = self.run_crierctl(
            "webhooks", "create", "--display-name", "Zoë's hook", "--url", "https://example.com/", "--secret", "s3",
            "--envelope", "--member-alias", "--header", "X-Team: growth", "--header", "X-Env: a:b",
            "--request-timeout", "2.5s", "--request-id", "r1")

        request = self.crier.requests[0]
        self.assertEqual(request.parent, "communities/7")
        self.assertEqual(request.request_id, "r1")
        webhook = request.webhook
        self.assertEqual((webhook.display_name, webhook.url, webhook.secret),
                         ("Zoë's hook", "https://example.com/", "s3"))
        self.assertTrue(webhook.envelope and webhook.member_alias)
        self.assertEqual(dict(webhook.custom_headers), {"X-Team": "growth", "X-Env": "a:b"})
        self.assertEqual(webhook.request_timeout.ToMilliseconds(), 2500)
        self.assertIn(f"signing secret:  {SIGNING_SECRET}\n", out)
        self.assertIn("shown this once", out)

    def test_json_output_is_protobuf_json_alone(self):
        self.crier.answers["CreateWebhook"] = Webhook(name="communities/7/webhooks/3", signing_secret=SIGNING_SECRET)

        out, _ = self.run_crierctl("webhooks", "create", "--display-name=a", "--url=b", "--output=json")

        self.assertEqual(json.loads(out), {"name": "communities/7/webhooks/3", "signingSecret": SIGNING_SECRET})

    def test_secret_comes_from_a_file(self):
        self.crier.answers["CreateWebhook"] = Webhook(name="communities/7/webhooks/3")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("s3 cret\n")
            file.flush()
            self.run_crierctl("webhooks", "create", "--display-name=a", "--url=b", "--secret-file", file.name)

        self.assertEqual(self.crier.requests[0].webhook.secret, "s3 cret")

    def test_a_refused_field_is_one_clear_line(self):
        self.crier.answers["CreateWebhook"] = bad_field("webhook.url", "must begin with https://")

        out, err = self.run_crierctl("webhooks", "create", "--display-name=a", "--url=b", exit_code=1)

        self.assertEqual(err, "error: webhook.url must begin with https://\n")
        self.assertEqual(out, "")

    def test_list_reads_all_pages(self):
        def page(request):
            first = not request.page_token
            webhook = Webhook(name=f"communities/7/webhooks/{3 if first else 4}", display_name="東京",
                              url="https://example.com/")
            return webhook_service_pb2.ListWebhooksResponse(webhooks=[webhook], next_page_token="p2" if first else "")

        self.crier.answers["ListWebhooks"] = page

        table, _ = self.run_crierctl("webhooks", "list")
        listing, _ = self.run_crierctl("webhooks", "list", "--output", "json")

        self.assertEqual([line.split()[:2] for line in table.splitlines()[1:]], [["3", "東京"], ["4", "東京"]])
        self.assertEqual([webhook["name"] for webhook in json.loads(listing)["webhooks"]],
                         ["communities/7/webhooks/3", "communities/7/webhooks/4"])
        self.assertNotIn("nextPageToken", listing)

    def test_list_ends_at_the_limit(self):
        self.crier.answers["ListWebhooks"] = webhook_service_pb2.ListWebhooksResponse(
            webhooks=[Webhook(name="communities/7/webhooks/3")], next_page_token="more")

        self.run_crierctl("webhooks", "list", "--limit", "2")

        self.assertEqual([request.page_size for request in self.crier.requests], [2, 1])

    def test_update_sends_only_what_is_given(self):
        self.crier.answers["UpdateWebhook"] = lambda request: request.webhook

        self.run_crierctl("webhooks", "update", "3", "--secret", "", "--no-envelope", "--no-headers", "--etag", "e1")

        request = self.crier.requests[0]
        self.assertEqual(request.webhook, Webhook(name="communities/7/webhooks/3", etag="e1"))
        self.assertCountEqual(request.update_mask.paths, ["secret", "envelope", "custom_headers"])

    def test_the_pace_of_a_webhook_is_given_and_shown(self):
        self.crier.answers["UpdateWebhook"] = lambda request: request.webhook

        out, _ = self.run_crierctl("webhooks", "update", "3", "--retry-delays", "5s,2h", "--max-concurrency", "0",
                                   "--attempts-per-minute", "1200")

        request = self.crier.requests[0]
        self.assertEqual([delay.seconds for delay in request.webhook.retry_policy.delays], [5, 7200])
        self.assertCountEqual(request.update_mask.paths, ["retry_policy", "max_concurrency", "attempts_per_minute"])
        self.assertRegex(out, r"attempts a minute: +1,200")

    def test_failing_webhooks_and_operational_ones_are_marked(self):
        failing = Webhook(name="communities/7/webhooks/3", display_name="CRM", state=Webhook.ENABLED, operational=True)
        failing.failing_since.FromJsonString("2026-01-02T03:04:05Z")
        gone = Webhook(name="communities/7/webhooks/4", state=Webhook.DISABLED, disable_reason=Webhook.GONE)
        self.crier.answers["ListWebhooks"] = webhook_service_pb2.ListWebhooksResponse(webhooks=[failing, gone])
        self.crier.answers["UpdateWebhook"] = failing

        listed, _ = self.run_crierctl("webhooks", "list")
        shown, _ = self.run_crierctl("webhooks", "update", "3", "--operational")

        self.assertRegex(listed, r"(?m)^3 +CRM +enabled \(failing\) .* operational$")
        self.assertRegex(listed, r"(?m)^4 .*disabled \(gone\)")
        request = self.crier.requests[-1]
        self.assertEqual((request.webhook.operational, list(request.update_mask.paths)), (True, ["operational"]))
        self.assertRegex(shown, r"failing since: +2026-01-02")

    def test_delete_takes_the_full_name(self):
        self.crier.answers["DeleteWebhook"] = empty_pb2.Empty()

        out, _ = self.run_crierctl("webhooks", "delete", "communities/9/webhooks/3", "--etag", "e1")

        self.assertEqual((self.crier.requests[0].name, self.crier.requests[0].etag),
                         ("communities/9/webhooks/3", "e1"))
        self.assertEqual(out, "deleted communities/9/webhooks/3\n")

    def test_state_changes_show_the_webhook(self):
        self.crier.answers["DisableWebhook"] = Webhook(
            name="communities/7/webhooks/3", state=Webhook.DISABLED, disable_reason=Webhook.MANUAL)
        for verb in ("Pause", "Resume", "Enable"):
            self.crier.answers[f"{verb}Webhook"] = lambda request: Webhook(name=request.name, state=Webhook.PAUSED)

        out, _ = self.run_crierctl("webhooks", "disable", "3", "--etag", "e1")
        paused, _ = self.run_crierctl("webhooks", "pause", "3")
        self.run_crierctl("webhooks", "resume", "3")
        self.run_crierctl("webhooks", "enable", "3", "--cancel-pending")

        self.assertIn("disabled (manual)", out)
        self.assertRegex(paused, r"state: +paused")
        self.assertEqual([request.name for request in self.crier.requests], ["communities/7/webhooks/3"] * 4)
        self.assertEqual(self.crier.requests[0].etag, "e1")
        self.assertTrue(self.crier.requests[3].cancel_pending)

    def test_test_shows_the_exchange(self):
        exchange = Exchange(outcome=Exchange.SUCCEEDED, url="https://example.com/", response_status=204,
                            request_body=b'{"type":"contact"}')
        exchange.request_headers.add(name="webhook-id", value="msg_1")
        exchange.duration.FromMilliseconds(35)
        self.crier.answers["TestWebhook"] = webhook_service_pb2.TestWebhookResponse(exchange=exchange)

        out, _ = self.run_crierctl("webhooks", "test", "3", "--payload", "activity")

        request = self.crier.requests[0]
        self.assertEqual((request.parent, request.webhook_name, request.payload_type),
                         ("communities/7", "communities/7/webhooks/3", webhook_service_pb2.ACTIVITY))
        self.assertIn('webhook-id: msg_1\n\n{\n  "type": "contact"\n}\n\naccepted (204) in 35 ms\n', out)

    def test_test_fails_when_the_receiver_does(self):
        self.crier.answers["TestWebhook"] = webhook_service_pb2.TestWebhookResponse(
            exchange=Exchange(outcome=Exchange.REFUSED, response_status=500))

        _, err = self.run_crierctl("webhooks", "test", "--url", "https://example.com/", exit_code=1)

        request = self.crier.requests[0]
        self.assertEqual((request.parent, request.webhook.url), ("communities/7", "https://example.com/"))
        self.assertEqual(err, "error: the receiver did not accept the test: refused (500)\n")


class WorkflowsTest(CommandTest):
    def test_create_and_enable(self):
        self.crier.answers["CreateWorkflow"] = Workflow(name="communities/7/workflows/5", state=Workflow.DISABLED)
        self.crier.answers["EnableWorkflow"] = Workflow(name="communities/7/workflows/5", state=Workflow.ENABLED)

        out, _ = self.run_crierctl("workflows", "create", "--display-name", "Welcome", "--template", "new-member",
                                   "--webhook", "3", "--enable")

        create, enable = self.crier.requests
        self.assertEqual(create.workflow, Workflow(display_name="Welcome", template=Workflow.NEW_MEMBER,
                                                   webhook="communities/7/webhooks/3"))
        self.assertEqual(enable.name, "communities/7/workflows/5")
        self.assertIn("enabled", out)

    def test_create_says_that_it_sends_nothing_yet(self):
        self.crier.answers["CreateWorkflow"] = Workflow(name="communities/7/workflows/5", state=Workflow.DISABLED)

        out, _ = self.run_crierctl("workflows", "create", "--display-name=a", "--template=new-activity",
                                   "--webhook=3")

        self.assertIn("crierctl workflows enable 5", out)

    def test_update_sends_only_what_is_given(self):
        self.crier.answers["UpdateWorkflow"] = lambda request: request.workflow

        self.run_crierctl("workflows", "update", "5", "--webhook", "4")

        request = self.crier.requests[0]
        self.assertEqual(request.workflow, Workflow(name="communities/7/workflows/5",
                                                    webhook="communities/7/webhooks/4"))
        self.assertEqual(list(request.update_mask.paths), ["webhook"])

    def test_criteria_are_sent_and_can_be_emptied(self):
        for call in ("CreateWorkflow", "UpdateWorkflow"):
            self.crier.answers[call] = lambda request: request.workflow

        out, _ = self.run_crierctl("workflows", "create", "--display-name=a", "--template=new-member", "--webhook=3",
                                   "--filter", 'title = "CEO"')
        self.run_crierctl("workflows", "update", "5", "--filter", "")

        create, update = self.crier.requests
        self.assertEqual(create.workflow.filter, 'title = "CEO"')
        self.assertIn('title = "CEO"', out)
        self.assertEqual(list(update.update_mask.paths), ["filter"])

    def test_preview_says_who_and_why_and_shows_the_payload(self):
        preview = workflow_service_pb2.PreviewWorkflowResponse(match_count=12345, recent_count=7,
                                                               sample_payload='{"type":"contact"}')
        sample = preview.samples.add(reasons=["lead_score is 85, at least 80"])
        sample.contact.name, sample.contact.full_name = "communities/7/contacts/9", "Marion"
        self.crier.answers["PreviewWorkflow"] = preview

        out, _ = self.run_crierctl("workflows", "preview", "--template=new-member", "--filter", "lead_score >= 80",
                                   "--webhook=3", "--days=30")
        self.run_crierctl("workflows", "preview", "5")
        _, err = self.run_crierctl("workflows", "preview", "5", "--filter", "x", exit_code=2)

        unsaved, saved = self.crier.requests
        self.assertEqual(unsaved.parent, "communities/7")
        self.assertEqual(unsaved.workflow, Workflow(template=Workflow.NEW_MEMBER, filter="lead_score >= 80",
                                                    webhook="communities/7/webhooks/3"))
        self.assertEqual(saved.name, "communities/7/workflows/5")
        for expected in ("12,345", "new in 30 days:", "Marion", "lead_score is 85, at least 80", '"type": "contact"'):
            self.assertIn(expected, out)
        self.assertIn("give either a workflow", err)

    def test_preview_says_how_to_confirm(self):
        self.crier.answers["PreviewWorkflow"] = workflow_service_pb2.PreviewWorkflowResponse(
            match_count=12345, confirmation_token="abc=", confirmation_required=True)

        saved, _ = self.run_crierctl("workflows", "preview", "5")
        self.crier.answers["PreviewWorkflow"].confirmation_required = False
        quiet, _ = self.run_crierctl("workflows", "preview", "5")

        self.assertIn("release 12,345 deliveries", saved)
        self.assertIn("crierctl workflows enable communities/7/workflows/5 --confirmation-token abc=", saved)
        self.assertNotIn("confirmation", quiet)

    def test_what_holds_a_workflow_is_shown(self):
        workflow = Workflow(name="communities/7/workflows/5", display_name="Welcome", template=Workflow.NEW_MEMBER,
                            max_deliveries_per_day=100,
                            cap_status=Workflow.CapStatus(released_today=100, held_count=12, suppressed_today=3))
        workflow.cap_status.hold_until_time.FromJsonString("2026-01-02T00:00:00Z")
        workflow.paced_until_time.FromJsonString("2026-01-01T10:00:07Z")
        self.crier.answers["EnableWorkflow"] = workflow

        out, _ = self.run_crierctl("workflows", "enable", "5")

        self.assertIn("100 (100 today, 12 held, 3 suppressed)", out)
        self.assertRegex(out, r"held until: +2026-01-02 00:00:00Z")
        self.assertRegex(out, r"put off until: +2026-01-01 10:00:07Z")

    def test_list_and_disable(self):
        workflow = Workflow(name="communities/7/workflows/5", display_name="Welcome", template=Workflow.NEW_MEMBER,
                            webhook="communities/7/webhooks/3", state=Workflow.ENABLED)
        self.crier.answers["ListWorkflows"] = workflow_service_pb2.ListWorkflowsResponse(workflows=[workflow])
        self.crier.answers["DisableWorkflow"] = workflow
        self.crier.answers["DeleteWorkflow"] = failure(grpc.StatusCode.NOT_FOUND, "there is no such workflow")

        out, _ = self.run_crierctl("workflows", "list")
        self.run_crierctl("workflows", "disable", "5")
        _, err = self.run_crierctl("workflows", "delete", "6", exit_code=1)

        self.assertEqual(out.splitlines()[1].split(), ["5", "Welcome", "new-member", "3", "enabled"])
        self.assertEqual(self.crier.requests[1].name, "communities/7/workflows/5")
        self.assertEqual(err, "error: there is no such workflow\n")


class DeliveriesTest(CommandTest):
    def setUp(self):
        super().setUp()
        Delivery = delivery_service_pb2.Delivery
        self.delivery = Delivery(
            name="communities/7/webhooks/3/deliveries/msg_1", workflow="communities/7/workflows/5",
            payload_type=webhook_service_pb2.CONTACT, state=Delivery.PENDING)
        for number, outcome, status in ((1, Exchange.TIMED_OUT, 0), (2, Exchange.REFUSED, 503)):
            attempt = self.delivery.attempts.add(number=number)
            attempt.exchange.outcome, attempt.exchange.response_status = outcome, status
        self.delivery.next_attempt_time.FromJsonString("2023-04-17T10:21:26Z")

    def test_list(self):
        self.crier.answers["ListDeliveries"] = delivery_service_pb2.ListDeliveriesResponse(deliveries=[self.delivery])

        out, _ = self.run_crierctl("deliveries", "list", "3")

        self.assertEqual(self.crier.requests[0].parent, "communities/7/webhooks/3")
        self.assertRegex(out.splitlines()[1],
                         r"^3/msg_1 +contact +5 +pending +2 +refused \(503\) +2023-04-17 10:21:26Z$")

    def test_get_shows_every_attempt(self):
        self.crier.answers["GetDelivery"] = self.delivery

        out, _ = self.run_crierctl("deliveries", "get", "3/msg_1")

        self.assertEqual(self.crier.requests[0].name, "communities/7/webhooks/3/deliveries/msg_1")
        self.assertRegex(out, r"(?m)^1 +0 ms +timed out$")
        self.assertRegex(out, r"(?m)^2 +0 ms +refused \(503\)$")


def outcome(name):
    result = ingest_service_pb2.IngestResult(outcome=name)
    return ingest_service_pb2.BatchIngestItemResult(result=result)


class IngestTest(CommandTest):
    def results(self, request):
        """CREATED, but what the contact's name says: a failure for `bad`, once each for `busy`."""
        response = ingest_service_pb2.BatchIngestResponse()
        for item in request.items:
            name = item.contact.contact.full_name
            if name == "bad":
                response.results.add(error=bad_field("contact.primary_email", "must have exactly one @"))
            elif name == "busy" and name not in self.seen:
                self.seen.add(name)
                response.results.add(error=overloaded())
            else:
                response.results.append(outcome("UNCHANGED" if name == "known" else "CREATED"))
        return response

    def setUp(self):
        super().setUp()
        self.seen = set()
        self.crier.answers["BatchIngest"] = self.results

    def ndjson(self, *names):
        return "".join(json.dumps({"contact": {"fullName": name}, "sightings": [{"source": "GitHub"}]}) + "\n"
                       for name in names)

    def test_reads_standard_input(self):
        out, err = self.run_crierctl("ingest", "contacts", "-", stdin=self.ndjson("Zoë", "known"))

        self.assertEqual(out, "1 created, 0 updated, 1 unchanged, 0 failed\n")
        self.assertEqual(err, "")
        item = self.crier.requests[0].items[0].contact
        self.assertEqual((item.parent, item.contact.full_name, item.sightings[0].source),
                         ("communities/7", "Zoë", "GitHub"))

    def test_names_place_and_field_of_each_failure_and_stores_the_rest(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "people.ndjson")
            path.write_text(self.ndjson("a", "bad") + '{"contact": {"fullNme": "x"}}\nnonsense\n' + self.ndjson("b"),
                            encoding="utf-8")
            out, err = self.run_crierctl("ingest", "contacts", str(path), exit_code=1)

        self.assertEqual(out, "2 created, 0 updated, 0 unchanged, 3 failed\n")
        self.assertIn(f"{path}:2: contact.primary_email must have exactly one @\n", err)
        self.assertRegex(err, rf"{path}:3: .*fullNme")
        self.assertIn(f"{path}:4: expected a JSON object, found `n`\n", err)
        self.assertIn("error: 3 of 5 records failed; the others are stored\n", err)

    def test_sends_again_what_the_server_had_no_room_for(self):
        out, _ = self.run_crierctl("ingest", "contacts", "-", "--output=json", stdin=self.ndjson("a", "busy", "b"))

        self.assertEqual(json.loads(out), {"created": 3, "updated": 0, "unchanged": 0, "failed": 0, "unsettled": 0})
        self.assertEqual([len(request.items) for request in self.crier.requests], [3, 1])

    def test_sends_again_when_the_server_is_away(self):
        answers = [failure(grpc.StatusCode.UNAVAILABLE, "the database is away"), overloaded()]
        self.crier.answers["BatchIngest"] = lambda request: answers.pop() if answers else self.results(request)

        out, _ = self.run_crierctl("ingest", "contacts", "-", stdin=self.ndjson("a"))

        self.assertEqual(out, "1 created, 0 updated, 0 unchanged, 0 failed\n")

    def test_many_records_go_in_batches(self):
        names = [f"person {number}" for number in range(2500)]

        out, _ = self.run_crierctl("ingest", "contacts", "-", "--batch-size", "100", stdin=self.ndjson(*names))

        self.assertEqual(out, "2,500 created, 0 updated, 0 unchanged, 0 failed\n")
        self.assertEqual([len(request.items) for request in self.crier.requests], [100] * 25)
        self.assertCountEqual([item.contact.contact.full_name for request in self.crier.requests
                               for item in request.items], names)

    def test_stops_when_the_server_refuses_as_a_whole(self):
        self.crier.answers["BatchIngest"] = failure(grpc.StatusCode.PERMISSION_DENIED, "not here")

        out, err = self.run_crierctl("ingest", "contacts", "-", exit_code=1, stdin=self.ndjson("a"))

        self.assertEqual(out, "0 created, 0 updated, 0 unchanged, 0 failed, 1 not settled\n")
        self.assertIn("error: stopped before the end: not here\n", err)


class Listener:
    """A running `crierctl listen --output json`."""

    def __init__(self, *options):
        self.lines = queue.Queue()
        self.process = subprocess.Popen([CRIERCTL, "listen", "--output=json", *options], stdout=subprocess.PIPE,
                                        text=True, encoding="utf-8")
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = self.next()["listening"]

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def next(self):
        return self.lines.get(timeout=TIMEOUT_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.exit_code = self.process.wait(timeout=TIMEOUT_SECONDS)
        self._reader.join()
        self.process.stdout.close()

    def post(self, body, headers):
        """The status that it answers."""
        request = urllib.request.Request(self.url + "/hook", data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                return response.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code


def signed_headers(body, timestamp):
    """Standard Webhooks v1, written here anew so that the verifier is not its own judge."""
    key = base64.b64decode(SIGNING_SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg_1.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(timestamp),
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
            "x-commonroom-webhook-secret": "open sesame", "content-type": "application/json"}


class ListenTest(unittest.TestCase):
    def test_verifies_what_arrives(self):
        body = '{"fullName":"Zoë"}'.encode()
        with Listener("--signing-secret", SIGNING_SECRET, "--secret", "open sesame") as listener:
            self.assertEqual(listener.post(body, signed_headers(body, int(time.time()))), 200)
            good = listener.next()
            self.assertEqual(listener.post(body + b" ", signed_headers(body, int(time.time()))), 200)
            tampered = listener.next()
            listener.post(body, signed_headers(body, int(time.time()) - 3600))
            stale = listener.next()

        self.assertEqual((good["method"], good["path"], good["body"]), ("POST", "/hook", body.decode()))
        self.assertEqual(good["headers"]["webhook-id"], "msg_1")
        self.assertIs(good["verified"], True)
        self.assertIs(good["secretMatches"], True)
        self.assertIs(tampered["verified"], False)
        self.assertIn("5 minutes old", stale["verificationError"])
        self.assertEqual(listener.exit_code, 0)

    def test_answers_as_told(self):
        with Listener("--status", "503") as listener:
            self.assertEqual(listener.post(b"{}", {}), 503)
            delivery = listener.next()

        self.assertEqual(delivery["status"], 503)
        self.assertIsNone(delivery["verified"])


if __name__ == "__main__":
    unittest.main()
