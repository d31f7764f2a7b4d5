"""Kills evaluators with -9, and stalls them, at random while events and runs go on; judges what was delivered.

    runs_soak.py --seconds 180 [--seed N] [--pause 4]

What must hold, for every workflow: each member it is meant for is delivered, under one webhook-id. A
workflow that events fire is meant for every member that was found; one that sends members who meet
criteria, for those who met them at the end of a run.
"""

import argparse
import collections
import json
import os
import random
import sys
import threading
import time

import grpc
from crier.workflow.v1 import run_service_pb2, run_service_pb2_grpc, workflow_service_pb2

from clients import PASSING
from members import batch_of, member
from suite import Receiver, Suite, target

COMMUNITIES = range(1, 4)
EVALUATORS = 3
# Longer than a lease lasts: others take over while it stands still.
STALL_SECONDS = 7
DRAIN_SECONDS = 120
FINISHED = (run_service_pb2.Run.SUCCEEDED, run_service_pb2.Run.FAILED, run_service_pb2.Run.CANCELLED)


def persistently(call, *passing):
    """Makes a call until it is answered: replicas come and go."""
    end = time.monotonic() + DRAIN_SECONDS
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() not in (*PASSING, *passing) or time.monotonic() > end:
                raise
            time.sleep(0.1)


class World:
    """A suite with two workflows in each community, and everything that is known of its members."""

    def __init__(self, postgres_url, seed):
        self.random = random.Random(seed)
        self.receiver = Receiver()
        self.suite = Suite(postgres_url, replicas=1, receiver_port=self.receiver.port)
        for _ in range(EVALUATORS - 1):
            self.suite.start_evaluator().wait_for("ready")
        self.lock = threading.Lock()
        self.members = collections.defaultdict(dict)  # community → e-mail → whether the criteria are met
        self.by_events, self.by_runs = {}, {}  # community → workflow's name
        self.disruptions = 0
        for community in COMMUNITIES:
            self._create_workflows(community)

    def close(self):
        self.suite.close()
        self.receiver.__exit__()

    def evaluators(self):
        """A channel to the evaluators that there are now."""
        return self.suite.channel(target(self.suite.evaluator))

    def _create_workflows(self, community):
        webhook = self.suite.create_webhook(community, self.receiver.url, envelope=True)
        for names, template, criteria in (
                (self.by_events, workflow_service_pb2.Workflow.NEW_MEMBER, ""),
                (self.by_runs, workflow_service_pb2.Workflow.MEMBERS_THAT_MEET_CRITERIA, "lead_score >= 50")):
            names[community] = self.suite.enable_workflow(webhook, template, criteria).name

    def ingest(self, community, emails, meets):
        """Stores members, with a score that meets the criteria or does not."""
        members = batch_of(member(community, primary_email=email, lead_score=90 if meets else 10) for email in emails)
        persistently(lambda: self.suite.records.BatchIngest(members, timeout=10))
        with self.lock:
            for email in emails:
                self.members[community][email] = meets

    def run(self, community):
        """Takes a run through from its beginning to its end."""
        name = self.by_runs[community]

        def begin():
            stub = run_service_pb2_grpc.RunServiceStub(self.evaluators())
            try:
                return stub.RunWorkflow(run_service_pb2.RunWorkflowRequest(name=name), timeout=10).name
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.FAILED_PRECONDITION:
                    raise
                return None  # the one before is unfinished: wait for it, then begin

        while (run := persistently(begin)) is None:
            time.sleep(0.2)
        end = time.monotonic() + DRAIN_SECONDS
        while True:
            state = persistently(lambda: run_service_pb2_grpc.RunServiceStub(self.evaluators()).GetRun(
                run_service_pb2.GetRunRequest(name=run), timeout=10))
            if state.state in FINISHED:
                if state.state != run_service_pb2.Run.SUCCEEDED:
                    raise AssertionError(f"a run failed: {state}")
                return
            if time.monotonic() > end:
                raise AssertionError(f"a run does not end: {state}")
            time.sleep(0.2)


def load(world, stop):
    """Finds members, and lets some meet the criteria later."""
    number = 0
    waiting = collections.deque()  # (community, e-mails) that do not meet the criteria yet
    while not stop.is_set():
        community = world.random.choice(COMMUNITIES)
        emails = [f"m{number + i}@c{community}.example.com" for i in range(20)]
        number += len(emails)
        meets = world.random.random() < 0.7
        world.ingest(community, emails, meets)
        if not meets:
            waiting.append((community, emails))
        if len(waiting) > 3:
            world.ingest(*waiting.popleft(), True)
        time.sleep(0.05)


def keep_running(world, stop):
    """Runs as though a day passed every few moments."""
    while not stop.is_set():
        for community in COMMUNITIES:
            world.run(community)


def disrupt(world, stop, pause):
    """One disruption after the other."""
    while not stop.wait(pause):
        replicas = world.suite.evaluator
        victim = world.random.choice(replicas)
        if world.random.random() < 0.25:
            victim.stall()
            stop.wait(STALL_SECONDS)
            victim.resume()
        else:
            victim.kill()
            victim.stop()
            replicas.remove(victim)
            world.suite.start_evaluator()
        world.disruptions += 1


class Workers:
    """Threads that end together; what one of them dies of is raised by join()."""

    def __init__(self):
        self.stop = threading.Event()
        self._threads, self._failures = [], []

    def add(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except BaseException as error:  # pylint: disable=broad-except  # raised by join()
                self._failures.append(error)
                self.stop.set()
        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def join(self):
        self.stop.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]


Verdict = collections.namedtuple("Verdict", "expected missing twice unexpected disruptions")


def deliveries(received):
    """Workflow's id → e-mail → the webhook-ids that it came under."""
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for one in received:
        body = json.loads(one.body)
        found[body["source"]["id"]][body["payload"]["primaryEmail"]].add(one.message_id)
    return found


def expected_of(world):
    """Workflow's id → e-mails."""
    expected = {}
    for community in COMMUNITIES:
        members = world.members[community]
        expected[int(world.by_events[community].rpartition("/")[2])] = set(members)
        expected[int(world.by_runs[community].rpartition("/")[2])] = {m for m, meets in members.items() if meets}
    return expected


def judge(world):
    expected = expected_of(world)

    def complete(received):
        found = deliveries(received)
        return all(members <= found[workflow].keys() for workflow, members in expected.items())
    try:
        received = world.receiver.wait_until(complete, DRAIN_SECONDS)
    except AssertionError:
        received = world.receiver.received()
    found = deliveries(received)
    pairs = {(workflow, member) for workflow, members in expected.items() for member in members}
    came = {(workflow, member): ids for workflow, members in found.items() for member, ids in members.items()}
    return Verdict(expected=len(pairs), missing=sorted(pairs - came.keys()), unexpected=sorted(came.keys() - pairs),
                   twice=sorted(pair for pair, ids in came.items() if len(ids) > 1), disruptions=world.disruptions)


def soak(postgres_url, seconds, pause, seed):
    """Disrupts a suite of its own for so long."""
    world = World(postgres_url, seed)
    try:
        workers = Workers()
        for work in (load, keep_running):
            workers.add(work, world, workers.stop)
        workers.add(disrupt, world, workers.stop, pause)
        workers.stop.wait(seconds)
        workers.join()
        for community in COMMUNITIES:
            world.run(community)
        return judge(world)
    finally:
        world.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--pause", type=float, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    verdict = soak(os.environ["CRIER_TEST_POSTGRES_URL"], options.seconds, options.pause, options.seed)
    print(f"{verdict.expected} deliveries expected, {verdict.disruptions} disruptions: "
          f"{len(verdict.missing)} missing, {len(verdict.twice)} twice, {len(verdict.unexpected)} unexpected")
    for what in ("missing", "twice", "unexpected"):
        for pair in getattr(verdict, what)[:10]:
            print(f"  {what}: {pair}")
    sys.exit(bool(verdict.missing or verdict.twice or verdict.unexpected))


if __name__ == "__main__":
    main()
