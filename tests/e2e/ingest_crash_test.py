"""kill -9 of ingest under load: whatever was acknowledged is in the log, and the log has no holes."""

import os
import threading
import unittest

import grpc
from crier.entity.v1 import contact_pb2, event_pb2
from crier.ingest.v1 import event_service_pb2, event_service_pb2_grpc, ingest_service_pb2, ingest_service_pb2_grpc

from suite import TIMEOUT_SECONDS, Suite

ROUNDS = 2
WRITERS = 4
COMMUNITIES = 8
FRAME_ITEMS = 50
FRAMES_BEFORE_KILL = 12  # answered, over all writers


def upsert(community, email):
    return ingest_service_pb2.UpsertContactRequest(
        parent=f"communities/{community}",
        contact=contact_pb2.Contact(primary_email=email, full_name="Load"),
        sightings=[contact_pb2.Sighting(source="Load", seen_time={"seconds": 1})])


class Writer(threading.Thread):
    """Writes frames as fast as they are answered, and keeps what was acknowledged."""

    def __init__(self, address, name, answered):
        super().__init__(daemon=True)
        self._address = address
        self._name = name
        self._answered = answered
        self.acknowledged = {}  # e-mail address to the contact's name
        self.sent = []

    def run(self):
        with grpc.insecure_channel(self._address) as channel:
            records = ingest_service_pb2_grpc.IngestServiceStub(channel)
            # A window of frames is always under way, so that the end finds the server at work.
            window = threading.Semaphore(4)
            try:
                answers = records.StreamIngestWithAcknowledgements(self._frames(window))
                for number, answer in enumerate(answers):
                    for email, item in zip(self.sent[number], answer.results):
                        if item.HasField("result"):
                            self.acknowledged[email] = item.result.name
                    window.release()
                    self._answered.release()
            except grpc.RpcError:
                pass  # the end that this test is about

    def _frames(self, window):
        while True:
            window.acquire()
            number = len(self.sent)
            self.sent.append([f"{self._name}-{number}-{i}@example.com" for i in range(FRAME_ITEMS)])
            yield ingest_service_pb2.StreamIngestWithAcknowledgementsRequest(items=[
                ingest_service_pb2.BatchIngestItem(contact=upsert(1 + i % COMMUNITIES, email))
                for i, email in enumerate(self.sent[number])
            ])


def read_log(address):
    """Every event of every partition, checked to be without holes, as e-mail address to name."""
    found = {}
    with grpc.insecure_channel(address) as channel:
        events = event_service_pb2_grpc.EventServiceStub(channel)
        for head in events.ListLogHeads(event_service_pb2.ListLogHeadsRequest()).heads:
            position = 0
            if head.position == 0:
                continue
            stream = events.Subscribe(event_service_pb2.SubscribeRequest(log_partition=head.log_partition))
            for frame in stream:
                for event in frame.events:
                    assert event.position == position + 1, (head.log_partition, position, event.position)
                    position = event.position
                    assert event.kind == event_pb2.Event.CONTACT_FOUND, event
                    found[event.contact.primary_email] = event.contact.name
                if position >= head.position:
                    break
            stream.cancel()
    return found


class IngestCrashTest(unittest.TestCase):
    def test_what_was_acknowledged_survives_kill_9_under_load(self):
        suite = self.enterContext(Suite(os.environ["CRIER_TEST_POSTGRES_URL"], replicas=1, receiver_port=1))
        acknowledged, sent = {}, 0
        for round_number in range(ROUNDS):
            replica = suite.ingest[-1]
            answered = threading.Semaphore(0)
            writers = [Writer(replica.address, f"r{round_number}w{i}", answered) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            for _ in range(FRAMES_BEFORE_KILL):
                self.assertTrue(answered.acquire(timeout=TIMEOUT_SECONDS), "no answers came")
            replica.kill()
            for writer in writers:
                writer.join(timeout=TIMEOUT_SECONDS)
                acknowledged.update(writer.acknowledged)
                sent += sum(len(frame) for frame in writer.sent)
            suite.start_ingest()
            suite.ingest[-1].wait_for("ready")

        found = read_log(suite.ingest[-1].address)

        self.assertGreaterEqual(len(acknowledged), ROUNDS * FRAMES_BEFORE_KILL * FRAME_ITEMS)
        lost = [email for email, name in acknowledged.items() if found.get(email) != name]
        self.assertEqual(lost, [], f"{len(lost)} of {len(acknowledged)} acknowledged contacts are lost")
        self.assertLessEqual(len(found), sent)


if __name__ == "__main__":
    unittest.main()
