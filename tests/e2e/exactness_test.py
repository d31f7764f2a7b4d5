"""Enable and disable are exact, whichever replica is asked and however the evaluators lag."""

import os
import unittest

from crier.workflow.v1 import workflow_service_pb2

from members import named_member, names_of
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

        received = receiver.wait_until(lambda all_of_them: "last" in names_of(all_of_them))
        expected = sorted([f"fires{n}" for n in range(40)] + ["last"])
        # Deliveries have no order promise: the last may overtake others.
        received = receiver.wait_until(lambda all_of_them: len(all_of_them) >= len(expected))
        self.assertEqual(sorted(names_of(received)), expected)

    def ingest(self, suite, name):
        suite.records.UpsertContact(named_member(COMMUNITY, name), wait_for_ready=True)


if __name__ == "__main__":
    unittest.main()
