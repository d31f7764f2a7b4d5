"""Every replica of every service is replaced, one after the other, under load and with retries off: no
call fails, nothing is lost, nothing is sent twice."""

import collections
import json
import os
import socket
import threading
import unittest

import grpc
from crier.delivery.v1 import webhook_service_pb2, webhook_service_pb2_grpc
from crier.ingest.v1 import event_service_pb2, event_service_pb2_grpc, ingest_service_pb2_grpc
from crier.workflow.v1 import workflow_service_pb2, workflow_service_pb2_grpc

from members import batch_of, email_of, member
from suite import Receiver, Suite, TIMEOUT_SECONDS

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
COMMUNITY = 1
OTHER_PARENT = "communities/2"
NEW_MEMBER = workflow_service_pb2.Workflow.NEW_MEMBER
SLOW_ANSWER_SECONDS = 1.5
# Between the calls of one caller, so that the machine has time for the servers as well.
PAUSE_SECONDS = 0.003


def free_ports(count):
    """Ports that nobody has, each for a replica that comes later: a name that resolves to replicas to be."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Caller:
    """Makes a call again and again from a thread of its own, and keeps what failed."""

    def __init__(self, name, call):
        self.name = name
        self.count = 0
        self.failures = []
        self._call = call
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopped.is_set():
            try:
                self._call()
            except Exception as error:  # pylint: disable=broad-except  # shown by the test
                self.failures.append(error)
            with self._changed:
                self.count += 1
                self._changed.notify_all()
            self._stopped.wait(PAUSE_SECONDS)

    def wait_for_more(self, calls):
        """Until so many more calls have ended."""
        with self._changed:
            wanted = self.count + calls
            if not self._changed.wait_for(lambda: self.count >= wanted, TIMEOUT_SECONDS):
                raise AssertionError(f"{self.name} is stuck after {self.count} calls: {self.failures[:3]}")

    def stop(self):
        self._stopped.set()
        self._thread.join()


class Follower:
    """Subscribes to one log partition for good; resumes where a stream ended, as subscribers do."""

    def __init__(self, stub, partition):
        self.positions = []
        self._stub = stub
        self._partition = partition
        self._stopped = threading.Event()
        self._stream = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopped.is_set():
            after = self.positions[-1] if self.positions else 0
            self._stream = self._stub.Subscribe(event_service_pb2.SubscribeRequest(
                log_partition=self._partition, after_position=after), wait_for_ready=True)
            try:
                for response in self._stream:
                    self.positions += [event.position for event in response.events]
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                    raise

    def stop(self):
        self._stopped.set()
        if self._stream is not None:
            self._stream.cancel()
        self._thread.join()


def delivered(received):
    return [email_of(one) for one in received]


class RolloutTest(unittest.TestCase):
    def setUp(self):
        self.stopping = threading.Event()
        self.receiver = self.enterContext(Receiver())
        self.slow_receiver = self.enterContext(Receiver(self.answer_slowly))
        self.suite = self.enterContext(Suite(
            POSTGRES_URL, replicas=2, receiver_port=f"{self.receiver.port},{self.slow_receiver.port}", drain_delay="1s",
            ports={service: free_ports(4) for service in ("ingest", "evaluator", "delivery")}))
        with open(os.path.join(ROOT, "proto", "crier", "service_config.json"), encoding="utf-8") as file:
            config = json.load(file)
        for method in config["methodConfig"]:
            del method["retryPolicy"]
        options = [("grpc.service_config", json.dumps(config)), ("grpc.enable_retries", 0),
                   ("grpc.max_reconnect_backoff_ms", 200), ("grpc.initial_reconnect_backoff_ms", 100),
                   ("grpc.min_reconnect_backoff_ms", 1000)]
        self.channels = {service: self.enterContext(grpc.insecure_channel(self.suite.name_of(service), options=options))
                         for service in ("ingest", "evaluator", "delivery")}
        self.numbers = iter(range(10**9))
        self.emails = set()

    def answer_slowly(self, _):
        self.stopping.wait(SLOW_ANSWER_SECONDS)
        return 200

    def ingest_new(self):
        """New contacts; what is acknowledged must arrive."""
        numbers = [next(self.numbers) for _ in range(5)]
        self.emails.update(self.ingest(numbers))

    def ingest(self, numbers):
        """The addresses of a batch that was acknowledged."""
        members = [member(COMMUNITY, primary_email=f"member{number}@members.example") for number in numbers]
        stub = ingest_service_pb2_grpc.IngestServiceStub(self.channels["ingest"])
        response = stub.BatchIngest(batch_of(members), timeout=30)
        if not all(result.HasField("result") for result in response.results):
            raise AssertionError("a record was refused")
        return [one.contact.primary_email for one in members]

    def callers(self, webhook, workflow, slow_webhook, toggled):
        webhooks = webhook_service_pb2_grpc.WebhookServiceStub(self.channels["delivery"])
        workflows = workflow_service_pb2_grpc.WorkflowServiceStub(self.channels["evaluator"])

        def test_slowly():
            response = webhooks.TestWebhook(webhook_service_pb2.TestWebhookRequest(
                parent=OTHER_PARENT, webhook_name=slow_webhook.name, payload_type=webhook_service_pb2.CONTACT), timeout=30)
            if response.exchange.response_status != 200:
                raise AssertionError(f"the test call ended with {response.exchange}")

        def toggle():
            workflows.DisableWorkflow(workflow_service_pb2.DisableWorkflowRequest(name=toggled.name), timeout=30)
            workflows.EnableWorkflow(workflow_service_pb2.EnableWorkflowRequest(name=toggled.name), timeout=30)

        return [
            Caller("short ingest", self.ingest_new),
            # The same ones again and again: long calls that fire nothing.
            Caller("long ingest", lambda: self.ingest(range(-500, 0))),
            Caller("short delivery", lambda: webhooks.GetWebhook(
                webhook_service_pb2.GetWebhookRequest(name=webhook.name), timeout=30)),
            Caller("long delivery", test_slowly),
            Caller("short evaluator", lambda: workflows.GetWorkflow(
                workflow_service_pb2.GetWorkflowRequest(name=workflow.name), timeout=30)),
            Caller("long evaluator", toggle),
        ]

    def roll(self, service, callers):
        """One replica after the other: the new one is there and called before the old one goes."""
        for old in list(getattr(self.suite, service)):
            new = getattr(self.suite, f"start_{service}")()
            new.wait_for("ready")
            new.wait_until_called()
            self.assertEqual(old.drain(), 0, old.name)
            for caller in callers:
                caller.wait_for_more(2)

    def test_a_rollout_fails_no_call_and_loses_and_doubles_nothing(self):
        watched = self.suite.create_enabled_workflow(1, NEW_MEMBER, self.receiver.url)
        slow = self.suite.create_enabled_workflow(2, NEW_MEMBER, self.slow_receiver.url)
        self.emails.update(self.ingest(range(-500, 0)))
        callers = self.callers(*watched, *slow)
        followers = [Follower(event_service_pb2_grpc.EventServiceStub(self.channels["ingest"]), partition)
                     for partition in range(16)]
        try:
            for service in ("ingest", "delivery", "evaluator"):
                self.roll(service, callers)
        finally:
            self.stopping.set()
            for worker in (*callers, *followers):
                worker.stop()

        self.assertEqual({caller.name: caller.failures[:3] for caller in callers if caller.failures}, {})
        received = self.receiver.wait_until(lambda received: self.emails <= set(delivered(received)))
        doubled = [email for email, count in collections.Counter(delivered(received)).items() if count > 1]
        self.assertEqual(doubled, [])
        print(f"{sum(caller.count for caller in callers)} calls ({', '.join(f'{c.name} {c.count}' for c in callers)}), "
              f"0 failed; {len(self.emails)} deliveries, 0 lost, 0 twice")
        for follower in followers:
            self.assertEqual(follower.positions, list(range(1, len(follower.positions) + 1)))


if __name__ == "__main__":
    unittest.main()
