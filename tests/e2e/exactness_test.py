"""Enable and disable are exact, whichever replica is asked and however the evaluators lag."""

import json
import os
import unittest

from crier.entity.v1 import contact_pb2
from crier.ingest.v1 import ingest_service_pb2
from crier.workflow.v1 import workflow_service_pb2

from suite import Receiver, Suite

COMMUNITY = 7


class ExactnessTest(unittest.TestCase):
    def test_only_what_is_accepted_while_enabled_fires(self):
        receiver = self.enterContext(Receiver())
        suite = self.enterContext(
            Suite(os.environ["CRIER_TEST_POSTGRES_URL"], replicas=2, receiver_port=receiver.port))
        _, workflow = suite.create_enabled_workflow(
            COMMUNITY, workflow_service_pb2.Workflow.NEW_MEMBER, receiver.url)
        enable = workflow_service_pb2.EnableWorkflowRequest(name=workflow.name)
        disable = workflow_service_pb2.DisableWorkflowRequest(name=workflow.name)

        # Nothing waits for the evaluators in between: they meet these events long after the calls.
        for round_number in range(40):
            self.ingest(suite, f"fires{round_number}")
            suite.workflows.DisableWorkflow(disable)
            self.ingest(suite, f"silent{round_number}")
            suite.workflows.EnableWorkflow(enable)
        self.ingest(suite, "last")

        received = receiver.wait_until(lambda all_of_them: "last" in names(all_of_them))
        expected = sorted([f"fires{n}" for n in range(40)] + ["last"])
        # Deliveries have no order promise: the last may overtake others.
        received = receiver.wait_until(lambda all_of_them: len(all_of_them) >= len(expected))
        self.assertEqual(sorted(names(received)), expected)

    def ingest(self, suite, name):
        suite.records.UpsertContact(ingest_service_pb2.UpsertContactRequest(
            parent=f"communities/{COMMUNITY}",
            contact=contact_pb2.Contact(full_name=name, primary_email=f"{name}@example.com"),
            sightings=[contact_pb2.Sighting(source="Test")]), wait_for_ready=True)


def names(received):
    return [json.loads(one.body)["fullName"] for one in received]


if __name__ == "__main__":
    unittest.main()
