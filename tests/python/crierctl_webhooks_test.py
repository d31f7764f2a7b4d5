"""crierctl webhooks: what it sends and shows."""

import json
import tempfile
import unittest

from google.protobuf import empty_pb2

from crier.delivery.v1 import delivery_service_pb2, webhook_service_pb2

import fake_crier

# Trusted by nobody but this test, which needs one that can be read.
AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUWNDBLaiZQ/Eb9MVYwfMjKokZQ3gwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyODA1MjM1M1oYDzIxMjYxMTA0
MDUyMzUzWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATtCNsuvNCVzjsyruzgNWE3AbKXaHTQChDCgvEf+bC6xACjeYbn30sD
YuoolP1nHFAtHUa6qlY32TO+eHqOGwioo1MwUTAdBgNVHQ4EFgQUo8X8RDwG6TeX
FQFGhYzhzzfRpEUwHwYDVR0jBBgwFoAUo8X8RDwG6TeXFQFGhYzhzzfRpEUwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA1jJ1OkC9xlugM7ZPsRHd
bj9wN0tbA0L70hSb5sFoUjECIDiABIB55HAX8HZYp5sZ0x3gxz6KV6UNA1HY8I2/
sna/
-----END CERTIFICATE-----
"""
SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Exchange = webhook_service_pb2.Exchange
Webhook = webhook_service_pb2.Webhook


class WebhooksTest(fake_crier.CommandTest):
    def test_create_sends_every_field_and_shows_the_signing_secret_once(self):
        self.crier.answers["CreateWebhook"] = lambda request: Webhook(
            name="communities/7/webhooks/3", display_name=request.webhook.display_name, url=request.webhook.url,
            has_secret=True, signing_secret=SIGNING_SECRET)

        out, _ = self.run_crierctl(
            "webhooks", "create", "--display-name", "Zoë's hook", "--url", "https://example.com/", "--secret", "s3",
            "--envelope", "--member-alias", "--header", "X-Team: growth", "--header", "X-Env: a:b",
            "--request-timeout", "2.5s", "--request-id", "r1")

        request = self.crier.requests[0]
        self.assertEqual(request.parent, "communities/7")
        self.assertEqual(request.request_id, "r1")
        webhook = request.webhook
        self.assertEqual((webhook.display_name, webhook.url, webhook.secret),
                         ("Zoë's hook", "https://example.com/", "s3"))
        self.assertTrue(webhook.envelope and webhook.member_alias)
        self.assertEqual(dict(webhook.custom_headers), {"X-Team": "growth", "X-Env": "a:b"})
        self.assertEqual(webhook.request_timeout.ToMilliseconds(), 2500)
        self.assertIn(f"signing secret:  {SIGNING_SECRET}\n", out)
        self.assertIn("shown this once", out)

    def test_json_output_is_protobuf_json_alone(self):
        self.crier.answers["CreateWebhook"] = Webhook(name="communities/7/webhooks/3", signing_secret=SIGNING_SECRET)

        out, _ = self.run_crierctl("webhooks", "create", "--display-name=a", "--url=b", "--output=json")

        self.assertEqual(json.loads(out), {"name": "communities/7/webhooks/3", "signingSecret": SIGNING_SECRET})

    def test_secret_comes_from_a_file(self):
        self.crier.answers["CreateWebhook"] = Webhook(name="communities/7/webhooks/3")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("s3 cret\n")
            file.flush()
            self.run_crierctl("webhooks", "create", "--display-name=a", "--url=b", "--secret-file", file.name)

        self.assertEqual(self.crier.requests[0].webhook.secret, "s3 cret")

    def test_a_server_without_tls_is_told_apart_from_none(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(AUTHORITY)
            file.flush()
            out, err = self.run_crierctl("webhooks", "list", "--tls-ca-file", file.name, exit_code=1)

        self.assertEqual((out, err), (
            "", f"error: the server at {self.crier.address} speaks no TLS; leave --tls-ca-file out\n"))

    def test_a_refused_field_is_one_clear_line(self):
        self.crier.answers["CreateWebhook"] = fake_crier.bad_field("webhook.url", "must begin with https://")

        out, err = self.run_crierctl("webhooks", "create", "--display-name=a", "--url=b", exit_code=1)

        self.assertEqual(err, "error: webhook.url must begin with https://\n")
        self.assertEqual(out, "")

    def test_list_reads_all_pages(self):
        def page(request):
            first = not request.page_token
            webhook = Webhook(name=f"communities/7/webhooks/{3 if first else 4}", display_name="東京",
                              url="https://example.com/")
            return webhook_service_pb2.ListWebhooksResponse(webhooks=[webhook], next_page_token="p2" if first else "")

        self.crier.answers["ListWebhooks"] = page

        table, _ = self.run_crierctl("webhooks", "list")
        listing, _ = self.run_crierctl("webhooks", "list", "--output", "json")

        self.assertEqual([line.split()[:2] for line in table.splitlines()[1:]], [["3", "東京"], ["4", "東京"]])
        self.assertEqual([webhook["name"] for webhook in json.loads(listing)["webhooks"]],
                         ["communities/7/webhooks/3", "communities/7/webhooks/4"])
        self.assertNotIn("nextPageToken", listing)

    def test_list_ends_at_the_limit_and_says_that_there_is_more(self):
        self.crier.answers["ListWebhooks"] = webhook_service_pb2.ListWebhooksResponse(
            webhooks=[Webhook(name="communities/7/webhooks/3")], next_page_token="more")

        _, notes = self.run_crierctl("webhooks", "list", "--limit", "2")

        self.assertIn("There are more", notes)
        self.assertEqual([request.page_size for request in self.crier.requests], [2, 1])

    def test_update_sends_only_what_is_given(self):
        self.crier.answers["UpdateWebhook"] = lambda request: request.webhook

        self.run_crierctl("webhooks", "update", "3", "--secret", "", "--no-envelope", "--no-headers", "--etag", "e1")

        request = self.crier.requests[0]
        self.assertEqual(request.webhook, Webhook(name="communities/7/webhooks/3", etag='"e1"'))
        self.assertCountEqual(request.update_mask.paths, ["secret", "envelope", "custom_headers"])

    def test_the_pace_of_a_webhook_is_given_and_shown(self):
        self.crier.answers["UpdateWebhook"] = lambda request: request.webhook

        out, _ = self.run_crierctl("webhooks", "update", "3", "--retry-delays", "5s,2h", "--max-concurrency", "0",
                                   "--attempts-per-minute", "1200")

        request = self.crier.requests[0]
        self.assertEqual([delay.seconds for delay in request.webhook.retry_policy.delays], [5, 7200])
        self.assertCountEqual(request.update_mask.paths, ["retry_policy", "max_concurrency", "attempts_per_minute"])
        self.assertRegex(out, r"attempts a minute: +1,200")

    def test_failing_webhooks_and_operational_ones_are_marked(self):
        failing = Webhook(name="communities/7/webhooks/3", display_name="CRM", state=Webhook.ENABLED, operational=True)
        failing.failing_since.FromJsonString("2026-01-02T03:04:05Z")
        gone = Webhook(name="communities/7/webhooks/4", state=Webhook.DISABLED, disable_reason=Webhook.GONE)
        self.crier.answers["ListWebhooks"] = webhook_service_pb2.ListWebhooksResponse(webhooks=[failing, gone])
        self.crier.answers["UpdateWebhook"] = failing

        listed, _ = self.run_crierctl("webhooks", "list")
        shown, _ = self.run_crierctl("webhooks", "update", "3", "--operational")

        self.assertRegex(listed, r"(?m)^3 +CRM +enabled \(failing\) .* operational$")
        self.assertRegex(listed, r"(?m)^4 .*disabled \(gone\)")
        request = self.crier.requests[-1]
        self.assertEqual((request.webhook.operational, list(request.update_mask.paths)), (True, ["operational"]))
        self.assertRegex(shown, r"failing since: +2026-01-02")

    def test_a_key_may_be_rotated_without_an_overlap(self):
        self.crier.answers["RotateSigningSecret"] = webhook_service_pb2.RotateSigningSecretResponse()

        self.run_crierctl("webhooks", "rotate-key", "3", "--overlap", "0s")

        overlap = self.crier.requests[0]
        self.assertEqual((overlap.HasField("overlap"), overlap.overlap.ToSeconds()), (True, 0))

    def test_health_says_of_how_many_attempts_it_speaks(self):
        health = delivery_service_pb2.WebhookHealth(attempt_count=1200, success_count=600, pending_count=4)
        health.oldest_create_time.FromJsonString("2026-01-02T03:04:05Z")
        health.next_attempt_time.FromJsonString("2026-01-02T03:05:00Z")
        self.crier.answers["GetWebhookHealth"] = health

        out, _ = self.run_crierctl("webhooks", "health", "3")

        self.assertRegex(out, r"success: +50.0 % of the last 1,200 attempts, since 2026-01-02 03:04:05Z")
        self.assertRegex(out, r"next attempt: +due since 2026-01-02 03:05:00Z")

    def test_delete_takes_the_full_name(self):
        self.crier.answers["DeleteWebhook"] = empty_pb2.Empty()

        out, _ = self.run_crierctl("webhooks", "delete", "communities/9/webhooks/3", "--etag", "e1")

        self.assertEqual((self.crier.requests[0].name, self.crier.requests[0].etag),
                         ("communities/9/webhooks/3", '"e1"'))
        self.assertEqual(out, "deleted communities/9/webhooks/3\n")

    def test_state_changes_show_the_webhook(self):
        self.crier.answers["DisableWebhook"] = Webhook(
            name="communities/7/webhooks/3", state=Webhook.DISABLED, disable_reason=Webhook.MANUAL)
        for verb in ("Pause", "Resume", "Enable"):
            self.crier.answers[f"{verb}Webhook"] = lambda request: Webhook(name=request.name, state=Webhook.PAUSED)

        out, _ = self.run_crierctl("webhooks", "disable", "3", "--etag", "e1")
        paused, _ = self.run_crierctl("webhooks", "pause", "3")
        self.run_crierctl("webhooks", "resume", "3")
        self.run_crierctl("webhooks", "enable", "3", "--cancel-pending")

        self.assertIn("disabled (manual)", out)
        self.assertRegex(paused, r"state: +paused")
        self.assertEqual([request.name for request in self.crier.requests], ["communities/7/webhooks/3"] * 4)
        self.assertEqual(self.crier.requests[0].etag, '"e1"')
        self.assertTrue(self.crier.requests[3].cancel_pending)

    def test_test_shows_the_exchange(self):
        exchange = Exchange(outcome=Exchange.SUCCEEDED, url="https://example.com/", response_status=204,
                            request_body=b'{"type":"contact"}')
        exchange.request_headers.add(name="webhook-id", value="msg_1")
        exchange.duration.FromMilliseconds(35)
        self.crier.answers["TestWebhook"] = webhook_service_pb2.TestWebhookResponse(exchange=exchange)

        out, _ = self.run_crierctl("webhooks", "test", "3", "--payload", "activity")

        request = self.crier.requests[0]
        self.assertEqual((request.parent, request.webhook_name, request.payload_type),
                         ("communities/7", "communities/7/webhooks/3", webhook_service_pb2.ACTIVITY))
        self.assertIn('webhook-id: msg_1\n\n{\n  "type": "contact"\n}\n\naccepted (204) in 35 ms\n', out)

    def test_test_fails_when_the_receiver_does(self):
        self.crier.answers["TestWebhook"] = webhook_service_pb2.TestWebhookResponse(
            exchange=Exchange(outcome=Exchange.REFUSED, response_status=500))

        _, err = self.run_crierctl("webhooks", "test", "--url", "https://example.com/", exit_code=1)

        request = self.crier.requests[0]
        self.assertEqual((request.parent, request.webhook.url), ("communities/7", "https://example.com/"))
        self.assertEqual(err, "error: the receiver did not accept the test: refused (500)\n")


if __name__ == "__main__":
    unittest.main()
