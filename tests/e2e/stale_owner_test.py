"""A replica of delivery is stalled with attempts on the wire, and another one takes its shards over.

When the stalled one goes on, nothing of what it has to say counts: neither an attempt nor what the receiver
answered it is in any table, and no delivery is lost.
"""

import collections
import os
import subprocess
import threading
import unittest

from crier.delivery.v1 import delivery_service_pb2, webhook_service_pb2
from crier.entity.v1 import event_pb2

from suite import TIMEOUT_SECONDS, Receiver, Suite, eventually

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
PARENT = "communities/7"
STALLED = 8  # attempts on the wire; a webhook has ten at once


def fenced_outcomes(replica):
    return replica.counted("crier_delivery_outcomes_total", 'fate="fenced"')


class StaleOwnerTest(unittest.TestCase):
    def setUp(self):
        self.stall = False  # first attempts are not answered until the answer is let go
        self.answer = threading.Event()
        self.addCleanup(self.answer.set)
        self.attempts = collections.Counter()
        self.waiting = threading.Semaphore(0)
        self.receiver = self.enterContext(Receiver(self.respond))
        self.suite = self.enterContext(Suite(POSTGRES_URL, replicas=1, receiver_port=self.receiver.port))
        webhook = webhook_service_pb2.Webhook(display_name="receiver", url=self.receiver.url)
        webhook.request_timeout.seconds = 30
        self.webhook = self.suite.webhooks.CreateWebhook(
            webhook_service_pb2.CreateWebhookRequest(parent=PARENT, webhook=webhook))
        self.position = 0

    def respond(self, received):
        self.attempts[received.message_id] += 1
        if not self.stall or self.attempts[received.message_id] > 1:
            return 200
        self.waiting.release()
        self.answer.wait()
        return 410  # which would disable the webhook

    def send(self, count):
        request = delivery_service_pb2.EnqueueDeliveriesRequest(
            producer="test", expected_position=self.position, next_position=self.position + count)
        for _ in range(count):
            message = request.messages.add()
            message.event.community_id = 7
            message.event.kind = event_pb2.Event.CONTACT_FOUND
            message.event.accept_time.GetCurrentTime()
            message.event.contact.name = f"{PARENT}/contacts/1"
            message.event.contact.full_name = "Zoë"
            message.targets.add(webhook=self.webhook.name, workflow=f"{PARENT}/workflows/1")
        self.suite.deliveries.EnqueueDeliveries(request)
        self.position += count

    def rows(self, statement):
        done = subprocess.run(["psql", POSTGRES_URL, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c",
                               f"SET search_path = {self.suite.schema}_delivery", "-c", statement],
                              check=True, capture_output=True, text=True)
        return done.stdout.splitlines()

    def test_nothing_of_a_stale_owner_counts_and_nothing_is_lost(self):
        self.send(20)  # so that the receiver has proved itself
        eventually(lambda: self.rows("SELECT count(*) FROM attempts") == ["20"])
        self.stall = True
        self.send(STALLED)
        for _ in range(STALLED):
            self.assertTrue(self.waiting.acquire(timeout=TIMEOUT_SECONDS))
        stale = self.suite.delivery[0]
        stale.stall()
        heir = self.suite.start_delivery()
        heir.wait_for("ready")
        eventually(lambda: self.rows("SELECT count(*) FROM queue") == ["0"])
        tables = self.rows("SELECT * FROM attempts ORDER BY 1, 2, 3, 4")
        webhook = self.rows("SELECT * FROM webhooks")

        self.answer.set()
        stale.resume()
        eventually(lambda: fenced_outcomes(stale) == STALLED)

        self.assertEqual(self.rows("SELECT * FROM attempts ORDER BY 1, 2, 3, 4"), tables)
        self.assertEqual(self.rows("SELECT * FROM webhooks"), webhook)
        self.assertEqual(self.rows("SELECT number, outcome, response_status, count(*) FROM attempts"
                                   " GROUP BY 1, 2, 3"), [f"1|1|200|{20 + STALLED}"])
        self.assertEqual(self.rows("SELECT count(*) FROM queue"), ["0"])
        self.assertEqual(sorted(self.attempts.values()), [1] * 20 + [2] * STALLED)


if __name__ == "__main__":
    unittest.main()
