"""The example clients of tools/examples do what they say, also when the server drains under them."""

import os
import pathlib
import subprocess
import sys
import unittest

from crier.ingest.v1 import event_service_pb2

from suite import BIN, TIMEOUT_SECONDS, Suite, target

ROOT = pathlib.Path(os.environ["CRIER_ROOT"])
CLIENTS = {
    "python": [sys.executable, "-B", str(ROOT / "tools/examples/ingest_example.py")],
    "cpp": [str(BIN / "crier-ingest-example")],
}
COUNT = 3000


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        self.suite = self.enterContext(Suite(os.environ["CRIER_TEST_POSTGRES_URL"], replicas=1, receiver_port=1))

    def start(self, language, address, community):
        arguments = [*CLIENTS[language], address, str(community), str(COUNT)]
        if language == "cpp":
            arguments.append(str(ROOT / "proto/crier/service_config.json"))
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def contacts_of(self, community):
        head = self.suite.events.GetLogHead(event_service_pb2.GetLogHeadRequest(community=f"communities/{community}"))
        return head.position

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


if __name__ == "__main__":
    unittest.main()
