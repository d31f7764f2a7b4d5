"""Deliveries without events of ingest: handed over as the evaluator hands them over."""

from crier.delivery.v1 import delivery_service_pb2
from crier.entity.v1 import event_pb2


class Producer:
    """Each hand-over follows the one before."""

    def __init__(self, deliveries):
        self._deliveries = deliveries
        self._position = 0

    def send(self, webhook, count=1):
        """So many contacts, each found just now."""
        parent = webhook.name.partition("/webhooks/")[0]
        request = delivery_service_pb2.EnqueueDeliveriesRequest(
            producer="test", expected_position=self._position, next_position=self._position + count)
        for _ in range(count):
            message = request.messages.add()
            message.event.community_id = int(parent.partition("/")[2])
            message.event.kind = event_pb2.Event.CONTACT_FOUND
            message.event.accept_time.GetCurrentTime()
            message.event.contact.name = f"{parent}/contacts/1"
            message.event.contact.full_name = "Zoë Personal"
            message.targets.add(webhook=webhook.name, workflow=f"{parent}/workflows/1")
        self._deliveries.EnqueueDeliveries(request)
        self._position += count
