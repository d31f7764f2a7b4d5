"""Criteria: exact when they change, stopped with their webhook, and previewed as they would be sent."""

import os
import unittest

import grpc
from crier.delivery.v1 import webhook_service_pb2
from crier.workflow.v1 import workflow_service_pb2, workflow_service_pb2_grpc

from members import name_of, named_member, names_of
from suite import Receiver, Suite, eventually

Workflow = workflow_service_pb2.Workflow


class CriteriaTest(unittest.TestCase):
    def setUp(self):
        self.receiver = self.enterContext(Receiver())
        self.suite = self.enterContext(
            Suite(os.environ["CRIER_TEST_POSTGRES_URL"], replicas=2, receiver_port=self.receiver.port))

    def test_changes_are_exact_while_evaluators_come_and_go(self):
        _, workflow = self.suite.create_enabled_workflow(1, Workflow.NEW_MEMBER, self.receiver.url)
        expected = set()
        # A replica's death may cut a call off; said twice in a row, the same filter is the same.
        workflows = workflow_service_pb2_grpc.WorkflowServiceStub(self.suite.channel(
            self.suite.name_of("evaluator"), retried="crier.workflow.v1.WorkflowService"))

        # Nothing waits for the evaluators in between: they meet these events long after the calls.
        for number in range(30):
            if number in (10, 20):
                # The second stays, for the calls.
                self.suite.evaluator[0].kill() if number == 10 else self.suite.evaluator[2].drain()
                self.suite.start_evaluator()
            workflow.filter = f'full_name = "kind{number % 2}*"'
            workflow.etag = ""
            workflows.UpdateWorkflow(
                workflow_service_pb2.UpdateWorkflowRequest(workflow=workflow, update_mask={"paths": ["filter"]}),
                wait_for_ready=True)
            for kind in (0, 1):
                self.ingest(1, f"kind{kind} {number}")
            expected.add(f"kind{number % 2} {number}")
        workflows.DeleteWorkflow(
            workflow_service_pb2.DeleteWorkflowRequest(name=workflow.name), wait_for_ready=True)
        self.ingest(1, "kind0 after the deletion")
        self.ingest(1, "kind1 after the deletion")

        # Evaluated after everything before it.
        self.suite.create_enabled_workflow(1, Workflow.NEW_MEMBER, self.receiver.url)
        self.ingest(1, "last")
        expected.add("last")
        self.receiver.wait_until(lambda received: len(received) >= len(expected))
        self.receiver.wait_until(lambda _: "last" in self.names())
        self.assertEqual(sorted(self.names()), sorted(expected))

    def test_workflows_share_a_webhook_and_stop_with_it(self):
        webhook, all_members = self.suite.create_enabled_workflow(2, Workflow.NEW_MEMBER, self.receiver.url)
        some_members = self.suite.enable_workflow(webhook, Workflow.NEW_MEMBER, "full_name = a")
        self.ingest(2, "a")
        self.ingest(2, "b")
        self.receiver.wait_until(lambda received: len(received) >= 3)
        self.assertEqual(sorted(self.names()), ["a", "a", "b"])
        self.wait_for(all_members.name, lambda shown: shown.statistics.matched_count == 2)
        self.wait_for(some_members.name, lambda shown: shown.statistics.enqueued_count == 1)

        self.suite.webhooks.DeleteWebhook(webhook_service_pb2.DeleteWebhookRequest(name=webhook.name))
        self.ingest(2, "c")

        for name in (all_members.name, some_members.name):
            stopped = self.wait_for(name, lambda shown: shown.state == Workflow.DISABLED)
            self.assertEqual(stopped.stop_reason, Workflow.WEBHOOK_DELETED)
        with self.assertRaises(grpc.RpcError) as refused:
            self.suite.workflows.EnableWorkflow(workflow_service_pb2.EnableWorkflowRequest(name=some_members.name))
        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)

    def test_a_preview_counts_explains_and_shows_the_payload(self):
        webhook, _ = self.suite.create_enabled_workflow(3, Workflow.NEW_MEMBER, self.receiver.url)
        for name in ("Ada", "Alan", "Grace"):
            self.ingest(3, name)

        preview = self.suite.workflows.PreviewWorkflow(workflow_service_pb2.PreviewWorkflowRequest(
            parent="communities/3", workflow=Workflow(
                template=Workflow.NEW_MEMBER, webhook=webhook.name, filter='full_name = "a*"')))

        self.assertEqual(preview.match_count, 2)
        self.assertEqual(preview.recent_count, 2)
        self.assertEqual([sample.contact.full_name for sample in preview.samples], ["Ada", "Alan"])
        self.assertEqual(list(preview.samples[0].reasons), ['full_name is "Ada", beginning with "a"'])
        received = self.receiver.wait_until(lambda all_of_them: len(all_of_them) >= 3)
        sent = [one.body for one in received if name_of(one) == "Ada"]
        self.assertEqual(preview.sample_payload, sent[0].decode())

    def ingest(self, community, name):
        self.suite.records.UpsertContact(named_member(community, name), wait_for_ready=True)

    def names(self):
        return names_of(self.receiver.received())

    def wait_for(self, name, done):
        """The workflow, once it is as wanted."""
        return eventually(lambda: self.suite.workflows.GetWorkflow(
            workflow_service_pb2.GetWorkflowRequest(name=name), wait_for_ready=True), done)


if __name__ == "__main__":
    unittest.main()
