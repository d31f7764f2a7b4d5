"""A person who is deleted is in no table of any service, however far the data had come."""

import json
import os
import unittest

import grpc
from crier.entity.v1 import activity_pb2, contact_pb2
from crier.ingest.v1 import entity_service_pb2, ingest_service_pb2
from crier.workflow.v1 import workflow_service_pb2
from google.protobuf import timestamp_pb2

import psql
from suite import Receiver, Suite, eventually

COMMUNITY = 7
PARENT = f"communities/{COMMUNITY}"
URL = os.environ["CRIER_TEST_POSTGRES_URL"]


def tables_with(suite, text):
    """The tables of all services that hold the text, be it within a stored message."""
    tables = psql.run(URL, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname LIKE "
                      f"'{suite.schema}%' ORDER BY 1")
    parts = [f"SELECT '{table}' FROM {table} t WHERE position('{text.lower()}' IN lower(t::text)) > 0 "
             f"OR position('{text.encode().hex()}' IN t::text) > 0" for table in tables]
    # Drops and attachments of partitions may come in between; the next look is another.
    return sorted(set(psql.run(URL, " UNION ALL ".join(parts))))


class ErasureTest(unittest.TestCase):
    def setUp(self):
        # Nothing for Marion gets through, so that deliveries with her data are pending as well.
        self.receiver = self.enterContext(Receiver(
            lambda received: 500 if json.loads(received.body).get("fullName") == "Marion Sanford" else 200))
        self.suite = self.enterContext(Suite(URL, replicas=1, receiver_port=self.receiver.port))
        for template in (workflow_service_pb2.Workflow.NEW_MEMBER, workflow_service_pb2.Workflow.NEW_ACTIVITY):
            self.suite.create_enabled_workflow(COMMUNITY, template, self.receiver.url)
        self.marion = self.ingest("Marion Sanford", "marion@example.com")
        self.ingest("Somebody Else", "else@example.net")
        self.receiver.wait_until(lambda received: len(received) >= 4)

    def ingest(self, name, email):
        contact = contact_pb2.Contact(full_name=name, primary_email=email)
        result = self.suite.records.UpsertContact(ingest_service_pb2.UpsertContactRequest(
            parent=PARENT, contact=contact, sightings=[contact_pb2.Sighting(source="Test")],
            request_id=f"sign-up of {email}"), wait_for_ready=True)
        self.suite.records.RecordActivity(ingest_service_pb2.RecordActivityRequest(
            parent=PARENT, activity=activity_pb2.Activity(
                contact=contact, activity_type="DiscordPost", service_name="Discord", external_id=email,
                content=f"{name} said so", occur_time=timestamp_pb2.Timestamp(seconds=1_700_000_000))))
        return result.name

    def expect_gone(self, text):
        eventually(lambda: tables_with(self.suite, text), lambda tables: not tables)

    def test_a_contact_is_erased_everywhere(self):
        services = {table.split(".")[0] for table in tables_with(self.suite, "marion@example.com")}
        self.assertGreaterEqual(len(services), 2, "ingest and delivery hold her data")

        self.suite.entities.DeleteContact(entity_service_pb2.DeleteContactRequest(name=self.marion))

        for text in ("marion@example.com", "Marion Sanford"):
            self.expect_gone(text)
        self.assertNotEqual(tables_with(self.suite, "else@example.net"), [], "who was not deleted is still there")
        with self.assertRaises(grpc.RpcError) as refused:
            self.suite.entities.GetContact(entity_service_pb2.GetContactRequest(name=self.marion))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_what_was_thought_to_be_somebody_elses_is_erased_with_the_one_whose_it_is(self):
        def record(name, email):
            self.suite.records.RecordActivity(ingest_service_pb2.RecordActivityRequest(
                parent=PARENT, activity=activity_pb2.Activity(
                    contact=contact_pb2.Contact(full_name=name, primary_email=email), activity_type="DiscordPost",
                    service_name="Discord", external_id="moved", content="a confession",
                    occur_time=timestamp_pb2.Timestamp(seconds=1_700_000_000))))
        record("Somebody Else", "else@example.net")
        self.receiver.wait_until(lambda received: any("a confession" in str(each.body) for each in received))
        record("Marion Sanford", "marion@example.com")

        self.suite.entities.DeleteContact(entity_service_pb2.DeleteContactRequest(name=self.marion))

        for text in ("marion@example.com", "a confession"):
            self.expect_gone(text)
        self.assertNotEqual(tables_with(self.suite, "Somebody Else said so"), [])

    def test_a_community_is_erased_everywhere(self):
        self.suite.entities.DeleteCommunity(entity_service_pb2.DeleteCommunityRequest(name=PARENT))

        for text in ("marion@example.com", "Marion Sanford", "else@example.net"):
            self.expect_gone(text)


if __name__ == "__main__":
    unittest.main()
