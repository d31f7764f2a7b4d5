#!/usr/bin/env python3
"""How to send contacts to Crier: ingest_example.py TARGET COMMUNITY COUNT

TARGET is a gRPC name (`dns:///crier-ingest.:7401`, `localhost:7401`). Sends one contact by a unary
call and COUNT contacts over a stream with acknowledgements, and prints what became of them.
"""

import pathlib
import queue
import sys
import time
import uuid

import grpc
from crier.entity.v1 import contact_pb2
from crier.ingest.v1 import ingest_service_pb2, ingest_service_pb2_grpc

SERVICE_CONFIG = pathlib.Path(__file__).resolve().parents[2] / "proto/crier/service_config.json"
FRAME = 100  # records in a frame; 32 to 500 are the fastest
WINDOW = 8  # frames that wait for their answers
PATIENCE_SECONDS = 60
# What a record is sent again for: the database is away, the server is full, or the record waited too long.
RETRYABLE = {grpc.StatusCode.UNAVAILABLE.value[0], grpc.StatusCode.RESOURCE_EXHAUSTED.value[0],
             grpc.StatusCode.DEADLINE_EXCEEDED.value[0]}


def connect(target):
    """A channel that spreads calls over all replicas and repeats what may be repeated."""
    return grpc.insecure_channel(target, options=[
        ("grpc.service_config", SERVICE_CONFIG.read_text(encoding="utf-8")),
        ("grpc.enable_retries", 1),
        ("grpc.max_reconnect_backoff_ms", 2000),
        ("grpc.keepalive_time_ms", 3000),
        ("grpc.keepalive_timeout_ms", 3000),
    ])


def upsert_request(community, number):
    """What one source knows of one person. The request_id makes it safe to send again."""
    return ingest_service_pb2.UpsertContactRequest(
        parent=f"communities/{community}",
        contact=contact_pb2.Contact(
            full_name=f"Person {number}",
            primary_email=f"person{number}@example.com",
            tags=[contact_pb2.Tag(name="Example")],
        ),
        sightings=[contact_pb2.Sighting(source="Example")],
        request_id=str(uuid.uuid4()),
    )


def send_one(records, community):
    """A unary call. Deadline and retries are those of the service config."""
    result = records.UpsertContact(upsert_request(community, 0), wait_for_ready=True)
    print(f"{ingest_service_pb2.IngestResult.Outcome.Name(result.outcome)} {result.name}", flush=True)


def frames_of(requests):
    for begin in range(0, len(requests), FRAME):
        yield ingest_service_pb2.StreamIngestWithAcknowledgementsRequest(items=[
            ingest_service_pb2.BatchIngestItem(contact=request) for request in requests[begin:begin + FRAME]
        ])


def send_frames(records, frames):
    """Sends what it can over one stream. Returns the results of the frames that were answered."""
    room = queue.Queue()  # a token for each frame that may be under way
    for _ in range(WINDOW):
        room.put(None)

    def paced():
        for frame in frames:
            room.get()
            yield frame

    results = []
    try:
        for answer in records.StreamIngestWithAcknowledgements(paced(), wait_for_ready=True):
            results.append(answer.results)
            room.put(None)
    except grpc.RpcError as error:
        # The server drains, or is gone (CANCELLED is what a server that shuts down says to a stream
        # that comes too late): whatever was not answered is sent again.
        if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED,
                                grpc.StatusCode.INTERNAL):
            raise
        room.put(None)
    return results


def send_many(records, requests):
    """Sends all of the requests, however often the stream breaks. Returns counts by outcome."""
    counts = {}
    frames = list(frames_of(requests))
    give_up = time.monotonic() + PATIENCE_SECONDS
    while frames:
        answered = send_frames(records, frames)
        again, settled = settle(frames, answered, counts)
        frames = list(frames_of(again)) + frames[len(answered):]
        if settled:
            give_up = time.monotonic() + PATIENCE_SECONDS
        elif time.monotonic() > give_up:
            raise TimeoutError("the server stayed away")
        if again or not answered:
            time.sleep(0.2)
    return counts


def settle(frames, answered, counts):
    """Counts what is done for good. Returns the requests to send again, and how many are done."""
    again, settled = [], 0
    for frame, results in zip(frames, answered):
        for item, result in zip(frame.items, results):
            if result.HasField("error") and result.error.code in RETRYABLE:
                again.append(item.contact)
                continue
            if result.HasField("error"):
                # The caller's own mistake: INVALID_ARGUMENT names the fields.
                print(f"refused: {result.error.message}", file=sys.stderr)
                outcome = "FAILED"
            else:
                outcome = ingest_service_pb2.IngestResult.Outcome.Name(result.result.outcome)
            counts[outcome] = counts.get(outcome, 0) + 1
            settled += 1
    return again, settled


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    target, community, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with connect(target) as channel:
        records = ingest_service_pb2_grpc.IngestServiceStub(channel)
        send_one(records, community)
        counts = send_many(records, [upsert_request(community, i) for i in range(1, count + 1)])
        print(" ".join(f"{outcome}={number}" for outcome, number in sorted(counts.items())))


if __name__ == "__main__":
    main()
