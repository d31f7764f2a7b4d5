"""What receivers answer changes their webhooks, and operational webhooks are told of it.

Hours and days pass by moving what is stored of the failures into the past.
"""

import json
import os
import unittest

from crier.delivery.v1 import delivery_service_pb2, webhook_service_pb2

from clients import every_second
from producer import Producer
from suite import Receiver, Suite, eventually, signature_is_valid

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
COMMUNITY = 7
Webhook = webhook_service_pb2.Webhook
Delivery = delivery_service_pb2.Delivery


class WebhookHealthTest(unittest.TestCase):
    def setUp(self):
        self.status = 200  # that every webhook but the operational one is answered with
        self.receiver = self.enterContext(Receiver(lambda received: 200 if is_notice(received) else self.status))
        self.suite = self.enterContext(Suite(POSTGRES_URL, replicas=1, receiver_port=self.receiver.port))
        self.operational = self.create("operational", operational=True)
        self.producer = Producer(self.suite.deliveries)

    def create(self, name, **fields):
        return self.suite.create_webhook(COMMUNITY, self.receiver.url, display_name=name,
                                         custom_headers={"x-to": name}, **fields)

    def let_time_pass(self, hours):
        """For the failures: as if they had gone on for so much longer."""
        self.suite.sql("delivery", f"UPDATE webhooks SET failing_since = failing_since - interval '{hours} hours',"
                       f" failing_counted_us = failing_counted_us + {hours} * 3600000000"
                       " WHERE failing_since IS NOT NULL")

    def notices(self, count):
        """The first notices, verified; each once."""
        received = self.receiver.wait_until(lambda all_received: len(told(all_received)) >= count)
        for one in told(received).values():
            self.assertTrue(signature_is_valid(self.operational.signing_secret, one))
            self.assertNotIn("Personal", one.body.decode())
        return [json.loads(one.body) for one in told(received).values()]

    def get(self, webhook):
        return self.suite.webhooks.GetWebhook(webhook_service_pb2.GetWebhookRequest(name=webhook.name))

    def wait_for(self, webhook, done):
        eventually(lambda: done(self.get(webhook)))

    def test_a_receiver_that_fails_is_told_of_disabled_and_sent_to_again(self):
        webhook = self.create("failing", retry_policy=every_second(20))
        self.status = 500
        self.producer.send(webhook)
        self.wait_for(webhook, lambda now: now.HasField("failing_since"))

        self.let_time_pass(hours=2)
        [failing] = self.notices(1)
        self.let_time_pass(hours=5 * 24)
        [_, disabled] = self.notices(2)
        self.status = 200
        self.suite.webhooks.EnableWebhook(webhook_service_pb2.EnableWebhookRequest(name=webhook.name))
        self.wait_for_delivery(webhook, Delivery.SUCCEEDED)

        self.assertEqual(failing["type"], "webhook.failing")
        self.assertEqual((failing["data"]["webhook"], failing["data"]["webhookName"]), (webhook.name, "failing"))
        self.assertLess(failing["data"]["failingSince"], failing["timestamp"])
        self.assertGreater(failing["data"]["disableTime"], failing["timestamp"])
        self.assertEqual((disabled["type"], disabled["data"]["disableReason"]), ("webhook.disabled", "FAILING"))
        self.assertFalse(self.get(webhook).HasField("failing_since"))
        self.assertEqual(self.get(webhook).state, Webhook.ENABLED)

    def test_a_receiver_that_works_again_is_told_of(self):
        webhook = self.create("failing", retry_policy=every_second(20))
        self.status = 500
        self.producer.send(webhook)
        self.wait_for(webhook, lambda now: now.HasField("failing_since"))
        self.let_time_pass(hours=2)
        self.notices(1)

        self.status = 200

        self.assertEqual([notice["type"] for notice in self.notices(2)], ["webhook.failing", "webhook.recovered"])

    def test_gone_disables_and_the_exhausted_are_told_of(self):
        webhook = self.create("gone", retry_policy=Webhook.RetryPolicy(max_attempts=1))
        self.status = 410

        self.producer.send(webhook)

        notices = {notice["type"]: notice["data"] for notice in self.notices(2)}
        self.assertEqual(notices["webhook.disabled"]["disableReason"], "GONE")
        self.assertEqual(notices["delivery.exhausted"]["responseStatus"], 410)
        self.assertTrue(notices["delivery.exhausted"]["delivery"].startswith(webhook.name + "/deliveries/msg_"))
        self.assertEqual(self.get(webhook).disable_reason, Webhook.GONE)
        listed = self.suite.deliveries.ListDeliveries(
            delivery_service_pb2.ListDeliveriesRequest(parent=self.operational.name)).deliveries
        self.assertEqual({one.payload_type for one in listed}, {webhook_service_pb2.NOTICE})
        self.assertEqual({one.workflow for one in listed}, {""})

    def test_notices_that_fail_make_no_notices(self):
        """Two operational webhooks, of which one never accepts anything."""
        deaf = self.create("deaf", operational=True, retry_policy=Webhook.RetryPolicy(max_attempts=1))
        webhook = self.create("gone", retry_policy=every_second(1))
        self.status = 410

        self.producer.send(webhook)

        self.wait_for(deaf, lambda now: now.state == Webhook.DISABLED)
        # Of the two webhooks that were disabled; not of the notice that the deaf one did not take.
        self.assertEqual([notice["type"] for notice in self.notices(2)], ["webhook.disabled"] * 2)
        self.assertEqual({notice["data"]["webhookName"] for notice in self.notices(2)}, {"gone", "deaf"})
        self.wait_until_nothing_is_due()
        self.assertEqual(len(self.notices(2)), 2)

    def wait_for_delivery(self, webhook, state):
        request = delivery_service_pb2.ListDeliveriesRequest(parent=webhook.name)
        eventually(lambda: [one.state for one in self.suite.deliveries.ListDeliveries(request).deliveries] == [state])

    def wait_until_nothing_is_due(self):
        """To the webhook that takes its notices nothing is left to be sent."""
        request = delivery_service_pb2.GetWebhookHealthRequest(webhook=self.operational.name)
        eventually(lambda: self.suite.deliveries.GetWebhookHealth(request).pending_count == 0)


def is_notice(received):
    """Whether it went to the operational webhook."""
    return received.headers["x-to"] == "operational"


def told(received):
    """The notices among them, by id."""
    return {one.message_id: one for one in received if is_notice(one)}


if __name__ == "__main__":
    unittest.main()
