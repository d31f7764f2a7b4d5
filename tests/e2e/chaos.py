"""Breaks a suite in every way that a machine can break it, under load, and judges what was delivered.

    chaos.py --seconds 180 [--seed N] [--pause 4]

What must hold: every contact that ingest has acknowledged reaches the receiver (lost = 0), always
under the same `webhook-id`, and whatever reaches it again after it had answered 200 had done so
around a disruption: the outcome was not stored before it.
"""

import argparse
import collections
import random
import sys
import threading
import time

import grpc
from crier.workflow.v1 import workflow_service_pb2

import psql
from clients import PASSING, every_second
from members import batch_of, email_of, member
from private_postgres import PrivatePostgres
from suite import Receiver, Suite

COMMUNITIES = range(1, 5)
# Of first attempts, to have retries in the mixture.
REFUSED = 0.05
# An outcome may be as old before it is stored, or before a lease runs out after it.
BEFORE_SECONDS, AFTER_SECONDS = 6, 8
DRAIN_SECONDS = 120


class Witness:
    """Answers deliveries, and remembers when and how."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._refused = set()
        self.accepted = collections.defaultdict(list)  # by key: when it was answered 200
        self.ids = collections.defaultdict(set)  # by key: under which webhook-id

    def answer(self, received):
        key = email_of(received)
        with self._lock:
            self.ids[key].add(received.message_id)
            if key not in self._refused and self._random.random() < REFUSED:
                self._refused.add(key)
                return 500
            self.accepted[key].append(time.monotonic())
            return 200

    def missing(self, keys):
        with self._lock:
            return [key for key in keys.copy() if key not in self.accepted]  # callers go on adding


class Load:
    """Ingests contacts without a pause; what is not acknowledged is tried again, as callers do."""

    def __init__(self, suite, threads=2, batch=10):
        self._suite, self._batch = suite, batch
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._number = 0
        self.acknowledged = set()
        self.failures = []
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        try:
            while not self._stop.is_set():
                self._ingest()
        except Exception as error:  # pylint: disable=broad-except  # shown by stop()
            self.failures.append(error)

    def _next(self):
        with self._lock:
            numbers = range(self._number, self._number + self._batch)
            self._number += self._batch
        return [(COMMUNITIES[number % len(COMMUNITIES)], f"m{number}@example.com") for number in numbers]

    def _ingest(self):
        items = self._next()
        request = batch_of(member(community, primary_email=email) for community, email in items)
        while True:
            try:
                response = self._suite.records.BatchIngest(request, timeout=5, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() not in PASSING:
                    raise
            else:
                if all(result.HasField("result") for result in response.results):
                    break
            if self._stop.is_set():
                return  # never acknowledged: nobody may count on it
        with self._lock:
            self.acknowledged.update(email for _, email in items)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


class Chaos:
    """The ways to break a suite. Each returns once what was broken has been started again."""

    def __init__(self, suite, postgres, rng):
        self._suite, self._postgres, self._random = suite, postgres, rng
        self.disruptions = []  # (name, begin, end)

    def ways(self):
        return [self.kill_one, self.kill_all, self.crash_postgres, self.cut_connections, self.stall_delivery]

    def run(self, way):
        begin = time.monotonic()
        way()
        self.disruptions.append((way.__name__, begin, time.monotonic()))

    def kill_one(self):
        replica = self._random.choice(self._suite.all())
        replica.kill()
        self._suite.start_again(replica)

    def kill_all(self):
        replicas = self._suite.all()
        for replica in replicas:
            replica.kill()
        for replica in replicas:
            self._suite.start_again(replica)

    def crash_postgres(self):
        self._postgres.crash()
        self._postgres.start_again()

    def cut_connections(self):
        psql.run(self._postgres.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")

    def stall_delivery(self):
        """For longer than its leases last: others take its shards over while it stands still."""
        replica = self._random.choice(self._suite.delivery)
        replica.stall()
        time.sleep(7)
        replica.resume()


Verdict = collections.namedtuple("Verdict", "acknowledged lost other_ids doubles unexplained disruptions")


def judge(acknowledged, witness, disruptions):
    """What was delivered, against what must hold."""
    def excused(moment):
        return any(begin - BEFORE_SECONDS <= moment <= end + AFTER_SECONDS for _, begin, end in disruptions)

    doubles, unexplained = 0, []
    for key, moments in witness.accepted.items():
        doubles += len(moments) - 1
        unexplained += [key for moment in moments[:-1] if not excused(moment)]
    return Verdict(acknowledged=len(acknowledged), lost=witness.missing(acknowledged),
                   other_ids=[key for key, ids in witness.ids.items() if len(ids) > 1],
                   doubles=doubles, unexplained=unexplained, disruptions=len(disruptions))


def create_targets(suite, url):
    """A workflow and a webhook that retries soon, in every community."""
    for community in COMMUNITIES:
        suite.create_enabled_workflow(community, workflow_service_pb2.Workflow.NEW_MEMBER, url,
                                      retry_policy=every_second(20))


def soak(seconds, pause, seed, ways=None, replicas=2, report=lambda text: None):
    """Breaks a suite of its own for so long, in the named ways in turn or else at random."""
    rng = random.Random(seed)
    witness = Witness(seed)
    postgres = PrivatePostgres("chaos")
    try:
        with Receiver(answer=witness.answer) as receiver, \
                Suite(postgres.url, replicas=replicas, receiver_port=receiver.port) as suite:
            create_targets(suite, receiver.url)
            chaos = Chaos(suite, postgres, rng)
            load = Load(suite)
            end = time.monotonic() + seconds
            planned = iter(ways or [])
            try:
                while time.monotonic() < end:
                    time.sleep(pause)
                    name = next(planned, None) if ways else None
                    if ways and name is None:
                        break
                    chaos.run(getattr(chaos, name) if name else rng.choice(chaos.ways()))
                    way, begun, ended = chaos.disruptions[-1]
                    report(f"{way} ({ended - begun:.1f} s): {len(load.acknowledged)} acknowledged, "
                           f"{len(witness.missing(load.acknowledged))} on their way")
            finally:
                load.stop()
            deadline = time.monotonic() + DRAIN_SECONDS
            while witness.missing(load.acknowledged) and time.monotonic() < deadline:
                time.sleep(0.2)
            return judge(load.acknowledged, witness, chaos.disruptions)
    finally:
        postgres.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--pause", type=float, default=4, help="seconds between disruptions")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    verdict = soak(arguments.seconds, arguments.pause, arguments.seed,
                   report=lambda text: print(text, flush=True))
    print(f"disruptions {verdict.disruptions}, acknowledged {verdict.acknowledged}, lost {len(verdict.lost)}, "
          f"doubles {verdict.doubles}, unexplained doubles {len(verdict.unexplained)}, "
          f"other ids {len(verdict.other_ids)}")
    for name in ("lost", "unexplained", "other_ids"):
        if getattr(verdict, name):
            print(f"{name}: {', '.join(sorted(getattr(verdict, name))[:20])}")
    return 1 if verdict.lost or verdict.unexplained or verdict.other_ids or not verdict.acknowledged else 0


if __name__ == "__main__":
    sys.exit(main())
