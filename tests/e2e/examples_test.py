"""The example clients of tools/examples do what they say, also when the server drains under them or
its database is away for a while."""

import os
import pathlib
import subprocess
import sys
import unittest

from crier.ingest.v1 import event_service_pb2

from private_postgres import PrivatePostgres
from suite import BIN, TIMEOUT_SECONDS, Suite, eventually, target

ROOT = pathlib.Path(os.environ["CRIER_ROOT"])
CLIENTS = {
    "python": [sys.executable, "-B", str(ROOT / "tools/examples/ingest_example.py")],
    "cpp": [str(BIN / "crier-ingest-example")],
}
COUNT = 3000


class ExamplesTestCase(unittest.TestCase):
    def setUp(self):
        self.suite = self.enterContext(Suite(self.postgres_url(), replicas=1, receiver_port=1))

    def postgres_url(self):
        return os.environ["CRIER_TEST_POSTGRES_URL"]

    def start(self, language, address, community, count=COUNT):
        arguments = [*CLIENTS[language], address, str(community), str(count)]
        if language == "cpp":
            arguments.append(str(ROOT / "proto/crier/service_config.json"))
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def contacts_of(self, community):
        head = self.suite.events.GetLogHead(event_service_pb2.GetLogHeadRequest(community=f"communities/{community}"))
        return head.position


class ExamplesTest(ExamplesTestCase):
    def test_every_contact_is_stored_once(self):
        for community, language in enumerate(CLIENTS, 1):
            with self.subTest(language):
                client = self.start(language, self.suite.ingest[0].address, community)
                out, err = client.communicate(timeout=TIMEOUT_SECONDS)
                self.assertEqual(client.returncode, 0, err)
                self.assertEqual(out.split("\n")[0], f"CREATED communities/{community}/contacts/1")
                self.assertEqual(out.split("\n")[1].strip(), f"CREATED={COUNT}")
                self.assertEqual(self.contacts_of(community), COUNT + 1)

    def test_a_drain_under_way_loses_and_repeats_nothing(self):
        for community, language in enumerate(CLIENTS, 3):
            with self.subTest(language):
                old, new = self.suite.ingest[-1], self.suite.start_ingest()
                new.wait_for("ready")
                client = self.start(language, target([old, new]), community)
                client.stdout.readline()  # the unary call is done, the stream begins
                self.assertEqual(old.drain(), 0)
                out, err = client.communicate(timeout=TIMEOUT_SECONDS)
                self.assertEqual(client.returncode, 0, err)
                # Repeated ones return what their first time did.
                self.assertEqual(out.strip(), f"CREATED={COUNT}", err)


    def test_a_replica_that_stands_still_loses_and_repeats_nothing(self):
        count = 10_000  # enough for it to stand still in between
        clients = {}
        for community, language in enumerate(CLIENTS, 7):
            replicas = [self.suite.start_ingest(), self.suite.start_ingest()]
            for replica in replicas:
                replica.wait_for("ready")
            clients[language] = client = self.start(language, target(replicas), community, count)
            client.stdout.readline()  # the unary call is done, the stream begins
            eventually(lambda of=community: self.contacts_of(of) >= 500)
            next(replica for replica in replicas if replica.calls("StreamIngestWithAcknowledgements")).stall()
            self.assertIsNone(client.poll(), "it has not come to the end before")
        for language, client in clients.items():
            with self.subTest(language):
                out, err = client.communicate(timeout=TIMEOUT_SECONDS)
                self.assertEqual(client.returncode, 0, err[-1000:])
                self.assertEqual(out.strip(), f"CREATED={count}", err[-1000:])


class ExamplesOutageTest(ExamplesTestCase):
    def postgres_url(self):
        self.postgres = PrivatePostgres("examples")
        self.addCleanup(self.postgres.remove)
        return self.postgres.url

    def test_a_crash_of_the_database_under_way_loses_nothing(self):
        count = 10_000  # enough for the crash to come in between
        for community, language in enumerate(CLIENTS, 5):
            with self.subTest(language):
                client = self.start(language, self.suite.ingest[0].address, community, count)
                client.stdout.readline()  # the unary call is done, the stream begins
                eventually(lambda: self.contacts_of(community) >= 500)
                self.postgres.crash()
                self.suite.ingest[0].wait_for("not ready")
                self.assertIsNone(client.poll(), "it has not come to the end before")
                self.postgres.start_again()
                out, err = client.communicate(timeout=TIMEOUT_SECONDS)
                self.assertEqual(client.returncode, 0, err[-1000:])
                # Repeated ones return what their first time did.
                self.assertEqual(out.strip(), f"CREATED={count}", err[-1000:])


if __name__ == "__main__":
    unittest.main()
