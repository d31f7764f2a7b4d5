"""A client in another language: ingests the sample records into a running `crier` and compares what
a receiver gets with the documented payloads."""

import json
import os
import pathlib
import unittest

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

from crier.ingest.v1 import ingest_service_pb2
from crier.workflow.v1 import workflow_service_pb2

from all_in_one import AllInOne
from suite import Receiver

TESTDATA = pathlib.Path(os.environ["CRIER_ROOT"], "tests", "testdata")
# That the sample activity's URL names.
COMMUNITY = 123
PARENT = f"communities/{COMMUNITY}"
Workflow = workflow_service_pb2.Workflow
IngestResult = ingest_service_pb2.IngestResult


def sample(kind, request):
    """The sample record of a kind, as the request that it is."""
    text = TESTDATA.joinpath("records", f"{kind}.json").read_text(encoding="utf-8")
    json_format.Parse(text, request)
    request.parent = PARENT
    return request


def ordered(text):
    """JSON with objects as lists of pairs, so that the order of keys counts."""
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs))


class IngestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = cls.enterClassContext(Receiver())
        cls.crier = cls.enterClassContext(AllInOne(os.environ["CRIER_TEST_POSTGRES_URL"], [cls.receiver.port]))
        cls.delivered = 0
        cls.records = cls.crier.records

    def assert_delivered(self, kind):
        """By the next delivery."""
        self.delivered += 1
        received = self.receiver.wait_until(lambda all_of_them: len(all_of_them) >= self.delivered)
        delivered = received[self.delivered - 1].body.decode("utf-8")
        documented = TESTDATA.joinpath("payloads", f"{kind}.json").read_text(encoding="utf-8")
        self.assertEqual(ordered(delivered), ordered(documented))

    def test_sample_records_arrive_as_the_documented_payloads(self):
        for template in (Workflow.NEW_MEMBER, Workflow.NEW_ORGANIZATION, Workflow.NEW_ACTIVITY):
            self.crier.create_enabled_workflow(COMMUNITY, template, self.receiver.url)

        organization = self.records.UpsertOrganization(
            sample("organization", ingest_service_pb2.UpsertOrganizationRequest()))
        self.assert_delivered("organization")
        contact = self.records.UpsertContact(sample("contact", ingest_service_pb2.UpsertContactRequest()))
        self.assert_delivered("contact")
        activity = self.records.RecordActivity(sample("activity", ingest_service_pb2.RecordActivityRequest()))
        self.assert_delivered("activity")

        for result, collection in ((contact, "contacts"), (organization, "organizations"), (activity, "activities")):
            self.assertEqual(result.outcome, IngestResult.CREATED)
            self.assertRegex(result.name, rf"^{PARENT}/{collection}/[1-9]\d*$")
        again = self.records.RecordActivity(sample("activity", ingest_service_pb2.RecordActivityRequest()))
        self.assertEqual((again.outcome, again.name), (IngestResult.UNCHANGED, activity.name))

    def test_one_bad_item_fails_alone(self):
        request = ingest_service_pb2.BatchIngestRequest()
        for email in ("ada@example.com", "not an address", "grace@example.com"):
            contact = request.items.add().contact
            contact.parent = "communities/9"
            contact.contact.primary_email = email
            contact.sightings.add(source="GitHub")

        results = self.records.BatchIngest(request).results

        self.assertEqual([result.WhichOneof("outcome") for result in results], ["result", "error", "result"])
        self.assertEqual([results[0].result.outcome, results[2].result.outcome], [IngestResult.CREATED] * 2)
        self.assertEqual(results[1].error.code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        self.assertEqual(self.fields_of(results[1].error), ["contact.primary_email"])

    def test_a_bad_request_names_every_field(self):
        request = ingest_service_pb2.UpsertOrganizationRequest(parent="communities/none")
        request.organization.domain = "no dot"

        with self.assertRaises(grpc.RpcError) as caught:
            self.records.UpsertOrganization(request)

        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        metadata = dict(caught.exception.trailing_metadata())
        status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
        self.assertIn("parent", self.fields_of(status))

    def fields_of(self, status):
        """The fields that a google.rpc.Status finds wrong."""
        bad_request = error_details_pb2.BadRequest()
        for detail in status.details:
            if detail.Unpack(bad_request):
                return [violation.field for violation in bad_request.field_violations]
        self.fail(f"no BadRequest in {status}")


if __name__ == "__main__":
    unittest.main()
