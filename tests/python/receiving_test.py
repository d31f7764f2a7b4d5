"""What RECEIVING.md tells receivers to do, done."""

import pathlib
import os
import re
import textwrap
import time
import unittest
from unittest import mock

ROOT = pathlib.Path(os.environ["CRIER_ROOT"])
# A vector of the Standard Webhooks specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
SENT = 1614265330
HEADERS = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": str(SENT),
           "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}


def verifier():
    """verify() as the page has it."""
    page = (ROOT / "RECEIVING.md").read_text(encoding="utf-8")
    code = re.search(r"in Python:\n\n((?: {4}.*\n|\n)+)", page).group(1)
    names = {}
    exec(textwrap.dedent(code), names)  # pylint: disable=exec-used
    return names["verify"]


class ReceivingTest(unittest.TestCase):
    def verify(self, now=SENT + 10, body=BODY, **headers):
        with mock.patch.object(time, "time", lambda: now):
            return verifier()(SECRET, HEADERS | {name.replace("_", "-"): text for name, text in headers.items()}, body)

    def test_a_genuine_message_is_accepted(self):
        self.assertTrue(self.verify())
        self.assertTrue(self.verify(webhook_signature=f"v1,AAAA {HEADERS['webhook-signature']}"))

    def test_others_are_not(self):
        self.assertFalse(self.verify(body=BODY + b" "))
        self.assertFalse(self.verify(webhook_id="msg_other"))
        self.assertFalse(self.verify(webhook_signature="v1,AAAA"))
        self.assertFalse(self.verify(now=SENT + 1000))

    def test_the_links_lead_somewhere(self):
        page = (ROOT / "RECEIVING.md").read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!http)([^)#]+)", page):
            self.assertTrue((ROOT / link).exists(), link)


if __name__ == "__main__":
    unittest.main()
