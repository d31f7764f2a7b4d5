"""A replica of delivery is stalled with attempts on the wire, and another one takes its shards over.

When the stalled one goes on, nothing of what it has to say counts: neither an attempt nor what the receiver
answered it is in any table, and no delivery is lost.
"""

import collections
import os
import threading
import unittest

from producer import Producer
from suite import TIMEOUT_SECONDS, Receiver, Suite, eventually

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
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
        self.webhook = self.suite.create_webhook(7, self.receiver.url, request_timeout={"seconds": 30})
        self.producer = Producer(self.suite.deliveries)

    def respond(self, received):
        self.attempts[received.message_id] += 1
        if not self.stall or self.attempts[received.message_id] > 1:
            return 200
        self.waiting.release()
        self.answer.wait()
        return 410  # which would disable the webhook

    def rows(self, statement):
        return self.suite.sql("delivery", statement)

    def test_nothing_of_a_stale_owner_counts_and_nothing_is_lost(self):
        self.producer.send(self.webhook, 20)  # so that the receiver has proved itself
        eventually(lambda: self.rows("SELECT count(*) FROM attempts") == ["20"])
        self.stall = True
        self.producer.send(self.webhook, STALLED)
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
