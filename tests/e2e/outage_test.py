"""Postgres goes away and comes back: callers are told, and nothing needs a restart."""

import unittest

import grpc
from crier.workflow.v1 import workflow_service_pb2

from members import named_member, names_of
from private_postgres import PrivatePostgres
from suite import Receiver, Suite, health


class OutageTest(unittest.TestCase):
    def setUp(self):
        self.postgres = PrivatePostgres("outage")
        self.addCleanup(self.postgres.remove)

    def test_a_crash_of_postgres_is_survived_by_every_service(self):
        receiver = self.enterContext(Receiver())
        suite = self.enterContext(Suite(self.postgres.url, replicas=1, receiver_port=receiver.port))
        suite.create_enabled_workflow(1, workflow_service_pb2.Workflow.NEW_MEMBER, receiver.url)
        self.ingest(suite, "before")
        receiver.wait_until(lambda received: len(received) == 1)

        self.postgres.crash()
        for replica in suite.all():
            replica.wait_for("not ready")
            self.assertFalse(health(suite.channel(replica.address), "readiness"))
            self.assertTrue(health(suite.channel(replica.address), "liveness"))
        with self.assertRaises(grpc.RpcError) as caught:
            self.ingest(suite, "during")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)

        self.postgres.start_again()
        for replica in suite.all():
            replica.wait_for("ready")
        self.ingest(suite, "after")
        received = receiver.wait_until(lambda received: "after" in names_of(received))
        self.assertEqual([name for name in names_of(received) if name == "after"], ["after"])

    def test_services_start_without_postgres(self):
        receiver = self.enterContext(Receiver())
        suite = self.enterContext(Suite(self.postgres.url, replicas=1, receiver_port=receiver.port))
        self.postgres.crash()

        late = [suite.start_ingest(), suite.start_delivery(), suite.start_evaluator()]
        for replica in late:
            self.assertFalse(health(suite.channel(replica.address), "readiness"))
        self.postgres.start_again()

        for replica in late:
            replica.wait_for("ready")

    def ingest(self, suite, name):
        suite.records.UpsertContact(named_member(1, name), timeout=10)


if __name__ == "__main__":
    unittest.main()
