"""Two replicas of every service against one Postgres: nothing lost, nothing sent twice."""

import collections
import os
import threading
import unittest

import grpc
from crier.workflow.v1 import workflow_service_pb2

from clients import PASSING
from members import batch_of, email_of, member
from suite import Receiver, Suite, signature_is_valid

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
COMMUNITIES = range(1, 9)
NEW_MEMBER = workflow_service_pb2.Workflow.NEW_MEMBER


class Load:
    """Ingests contacts from several threads, retrying whatever was not acknowledged, as callers do."""

    def __init__(self, suite, per_community, threads=4, batch=20):
        self._suite = suite
        self.emails = set()
        self._numbers = iter(range(per_community))
        self._lock = threading.Lock()
        self._batch = batch
        self._halfway = threading.Event()
        self._half = per_community // 2
        self._failures = []
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _take(self):
        with self._lock:
            numbers = [number for _, number in zip(range(self._batch), self._numbers)]
        if numbers and numbers[-1] >= self._half:
            self._halfway.set()
        return numbers

    def _run(self):
        try:
            while numbers := self._take():
                for community in COMMUNITIES:
                    self._ingest(community, numbers)
        except Exception as error:  # pylint: disable=broad-except  # shown by wait()
            self._failures.append(error)
            self._halfway.set()

    def _ingest(self, community, numbers):
        request = batch_of(member(community, primary_email=f"member{n}@c{community}.example.com") for n in numbers)
        for attempt in range(200):
            try:
                response = self._suite.records.BatchIngest(request, timeout=20, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in PASSING:
                    raise
                continue
            if all(result.HasField("result") for result in response.results):
                with self._lock:
                    self.emails.update(item.contact.contact.primary_email for item in request.items)
                return
        raise AssertionError("a batch was refused 200 times")

    def wait_for_half(self):
        self._halfway.wait()

    def wait(self):
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]


class ReplicasTest(unittest.TestCase):
    def start(self, stack_receiver):
        suite = self.enterContext(Suite(POSTGRES_URL, replicas=2, receiver_port=stack_receiver.port))
        self.webhooks = [suite.create_enabled_workflow(community, NEW_MEMBER, stack_receiver.url)[0]
                         for community in COMMUNITIES]
        return suite

    def assert_all_delivered(self, receiver, emails):
        def everything_is_there(received):
            return len(received) >= len(emails) and {email_of(one) for one in received} >= emails
        return receiver.wait_until(everything_is_there)

    def assert_no_double(self, receiver):
        counts = collections.Counter(email_of(one) for one in receiver.received())
        self.assertEqual([email for email, count in counts.items() if count > 1], [])

    def assert_doubles_keep_their_id(self, received):
        ids = collections.defaultdict(set)
        for one in received:
            ids[email_of(one)].add(one.message_id)
        self.assertEqual([email for email, message_ids in ids.items() if len(message_ids) > 1], [])

    def test_every_member_is_delivered_exactly_once(self):
        receiver = self.enterContext(Receiver())
        suite = self.start(receiver)

        load = Load(suite, per_community=100)
        load.wait()

        received = self.assert_all_delivered(receiver, load.emails)
        self.assert_no_double(receiver)
        secret = {webhook.name: webhook.signing_secret for webhook in self.webhooks}
        for one in received[:50]:
            self.assertTrue(any(signature_is_valid(key, one) for key in secret.values()))

    def test_draining_a_replica_of_each_service_loses_and_doubles_nothing(self):
        receiver = self.enterContext(Receiver())
        suite = self.start(receiver)

        load = Load(suite, per_community=200)
        load.wait_for_half()
        codes = [replica.drain() for replica in (suite.evaluator[0], suite.delivery[0], suite.ingest[0])]
        load.wait()

        self.assertEqual(codes, [0, 0, 0])
        self.assert_all_delivered(receiver, load.emails)
        self.assert_no_double(receiver)

    def test_killing_a_replica_of_each_service_loses_nothing(self):
        receiver = self.enterContext(Receiver())
        suite = self.start(receiver)

        load = Load(suite, per_community=200)
        load.wait_for_half()
        for replica in (suite.evaluator[0], suite.delivery[0], suite.ingest[0]):
            replica.kill()
        load.wait()

        received = self.assert_all_delivered(receiver, load.emails)
        self.assert_doubles_keep_their_id(received)

    def test_a_stalled_owner_does_not_hold_up_or_double_its_deliveries(self):
        receiver = self.enterContext(Receiver())
        suite = self.start(receiver)

        load = Load(suite, per_community=200)
        load.wait_for_half()
        suite.evaluator[0].stall()
        suite.delivery[0].stall()
        load.wait()
        self.assert_all_delivered(receiver, load.emails)
        suite.evaluator[0].resume()
        suite.delivery[0].resume()

        received = self.assert_all_delivered(receiver, load.emails)
        self.assert_doubles_keep_their_id(received)


if __name__ == "__main__":
    unittest.main()
