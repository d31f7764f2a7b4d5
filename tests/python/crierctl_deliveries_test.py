"""crierctl deliveries, and listen, which receives them."""

import base64
import hashlib
import hmac
import json
import queue
import signal
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.request

from crier.delivery.v1 import delivery_service_pb2, webhook_service_pb2

import fake_crier
from fake_crier import CRIERCTL, TIMEOUT_SECONDS

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Exchange = webhook_service_pb2.Exchange


class DeliveriesTest(fake_crier.CommandTest):
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
                         r"^3/msg_1 +contact +5 +pending +2 +refused \(503\) +due since 2023-04-17 10:21:26Z$")

    def test_get_shows_every_attempt(self):
        self.crier.answers["GetDelivery"] = self.delivery

        out, _ = self.run_crierctl("deliveries", "get", "3/msg_1")

        self.assertEqual(self.crier.requests[0].name, "communities/7/webhooks/3/deliveries/msg_1")
        self.assertRegex(out, r"(?m)^1 +0 ms +timed out$")
        self.assertRegex(out, r"(?m)^2 +0 ms +refused \(503\)$")


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
