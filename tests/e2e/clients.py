"""The stubs of every service, and what most tests ask of them first."""

import grpc
from crier.delivery.v1 import delivery_service_pb2_grpc, webhook_service_pb2, webhook_service_pb2_grpc
from crier.ingest.v1 import entity_service_pb2_grpc, event_service_pb2_grpc, ingest_service_pb2_grpc
from crier.workflow.v1 import workflow_service_pb2, workflow_service_pb2_grpc

# What calls may be answered with while replicas, or Postgres, come and go.
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED,
           grpc.StatusCode.CANCELLED, grpc.StatusCode.ABORTED)


def every_second(times):
    """A retry policy of so many retries."""
    policy = webhook_service_pb2.Webhook.RetryPolicy()
    for _ in range(times):
        policy.delays.add(seconds=1)
    return policy


class Clients:
    """To be derived from by what has the services: it connects each."""

    def connect_ingest(self, channel):
        self.records = ingest_service_pb2_grpc.IngestServiceStub(channel)
        self.events = event_service_pb2_grpc.EventServiceStub(channel)
        self.entities = entity_service_pb2_grpc.EntityServiceStub(channel)

    def connect_evaluator(self, channel):
        self.workflows = workflow_service_pb2_grpc.WorkflowServiceStub(channel)

    def connect_delivery(self, channel):
        self.webhooks = webhook_service_pb2_grpc.WebhookServiceStub(channel)
        self.deliveries = delivery_service_pb2_grpc.DeliveryServiceStub(channel)

    def create_webhook(self, community, url, **fields):
        """With further fields of the Webhook, if any."""
        return self.webhooks.CreateWebhook(webhook_service_pb2.CreateWebhookRequest(
            parent=f"communities/{community}",
            webhook=webhook_service_pb2.Webhook(**{"display_name": "receiver", "url": url, **fields})))

    def enable_workflow(self, webhook, template, criteria=""):
        """A new one, which sends to the webhook."""
        workflow = self.workflows.CreateWorkflow(workflow_service_pb2.CreateWorkflowRequest(
            parent=webhook.name.partition("/webhooks/")[0], workflow=workflow_service_pb2.Workflow(
                display_name="workflow", template=template, webhook=webhook.name, filter=criteria)))
        return self.workflows.EnableWorkflow(workflow_service_pb2.EnableWorkflowRequest(name=workflow.name))

    def create_enabled_workflow(self, community, template, url, criteria="", **webhook_fields):
        """A webhook and a workflow that sends to it; returns both."""
        webhook = self.create_webhook(community, url, **webhook_fields)
        return webhook, self.enable_workflow(webhook, template, criteria)
