"""Members that meet criteria, by the real binaries: sent once each, whoever is killed, merged or deleted."""

import os
import time
import unittest

import grpc
from crier.ingest.v1 import entity_service_pb2
from crier.workflow.v1 import run_service_pb2, run_service_pb2_grpc, workflow_service_pb2

import runs_soak
from members import batch_of, email_of, member
from suite import Receiver, Suite, eventually, target

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
COMMUNITY = 7
PARENT = f"communities/{COMMUNITY}"
MEMBERS = workflow_service_pb2.Workflow.MEMBERS_THAT_MEET_CRITERIA
SEED = 20240828


class RunsTest(unittest.TestCase):
    def start(self, replicas=1):
        self.receiver = self.enterContext(Receiver())
        self.suite = self.enterContext(Suite(POSTGRES_URL, replicas=replicas, receiver_port=self.receiver.port))
        self.runs = run_service_pb2_grpc.RunServiceStub(self.suite.evaluator_channel)

    def ingest(self, numbers, score=90, custom_fields=None):
        numbers = list(numbers)
        for i in range(0, len(numbers), 200):
            members = (member(COMMUNITY, primary_email=f"m{n}@example.com", lead_score=score,
                              custom_fields=custom_fields or {}) for n in numbers[i:i + 200])
            response = self.suite.records.BatchIngest(batch_of(members), timeout=30)
            names = [result.result.name for result in response.results]
        return names

    def create_workflow(self, criteria="lead_score >= 50"):
        _, workflow = self.suite.create_enabled_workflow(COMMUNITY, MEMBERS, self.receiver.url, criteria)
        return workflow.name

    def wait_for_run(self, name):
        """The newest run of the workflow, once it has ended."""
        request = run_service_pb2.ListRunsRequest(parent=name)
        return eventually(lambda: self.runs.ListRuns(request, timeout=30).runs,
                          lambda runs: runs and runs[0].state in runs_soak.FINISHED)[0]

    def wait_for_workflow(self, name, done):
        return eventually(lambda: self.suite.workflows.GetWorkflow(
            workflow_service_pb2.GetWorkflowRequest(name=name), timeout=30), done)

    def run_again(self, name, full_scan=False):
        self.runs.RunWorkflow(run_service_pb2.RunWorkflowRequest(name=name, full_scan=full_scan), timeout=30)
        return self.wait_for_run(name)

    def test_the_first_run_sends_all_and_later_ones_who_is_new_or_newly_matches(self):
        self.start()
        self.ingest(range(0, 300))
        self.ingest(range(300, 320), score=10)
        workflow = self.create_workflow()
        first = self.wait_for_run(workflow)
        self.assertEqual((first.state, first.sent_count, first.full_scan), (run_service_pb2.Run.SUCCEEDED, 300, True))

        self.ingest(range(310, 330))
        second = self.run_again(workflow)

        self.assertEqual((second.sent_count, second.full_scan), (20, False))
        received = self.receiver.wait_until(lambda all_of_them: len(all_of_them) >= 320)
        self.assertEqual(len({one.body for one in received}), 320)
        self.assertEqual(self.run_again(workflow, full_scan=True).skipped_count, 320)
        statistics = self.wait_for_workflow(workflow, lambda shown: shown.statistics.matched_count >= 320).statistics
        self.assertEqual((statistics.matched_count, statistics.enqueued_count), (320, 320))
        self.assertGreaterEqual(statistics.last_fire_time.ToNanoseconds(), second.start_time.ToNanoseconds())

    def test_a_merge_carries_over_and_a_deletion_lets_go(self):
        self.start()
        sent, = self.ingest([1])
        workflow = self.create_workflow()
        self.wait_for_run(workflow)
        self.receiver.wait_until(lambda all_of_them: len(all_of_them) == 1)
        other, = self.ingest([2])

        self.suite.entities.MergeContacts(entity_service_pb2.MergeContactsRequest(name=sent, duplicates=[other]))
        self.assertEqual(self.run_again(workflow, full_scan=True).sent_count, 0)

        self.suite.entities.DeleteContact(entity_service_pb2.DeleteContactRequest(name=sent))
        self.ingest([1])
        self.assertEqual(self.run_again(workflow).sent_count, 1)

    def test_an_owner_that_is_killed_in_the_middle_is_replaced(self):
        self.start(replicas=2)
        self.ingest(range(3000))
        workflow = self.create_workflow()
        self.receiver.wait_until(lambda all_of_them: all_of_them)
        for replica in (self.suite.evaluator[0], self.suite.evaluator[1]):
            replica.kill()
            self.suite.start_evaluator().wait_for("ready")

        self.receiver.wait_until(lambda all_of_them: len({one.body for one in all_of_them}) == 3000)
        self.runs = run_service_pb2_grpc.RunServiceStub(
            self.suite.channel(target(self.suite.evaluator[2:])))
        self.assertEqual(self.wait_for_run(workflow).sent_count, 3000)
        self.assertEqual(len({one.message_id for one in self.receiver.received()}), 3000)

    def test_a_page_that_has_grown_beyond_a_message_is_handed_over_in_parts(self):
        self.start()
        workflow = self.create_workflow()
        self.wait_for_run(workflow)
        self.ingest(range(100))
        self.suite.delivery[0].kill()
        run = self.runs.RunWorkflow(run_service_pb2.RunWorkflowRequest(name=workflow), timeout=30)
        eventually(lambda: self.runs.GetRun(run_service_pb2.GetRunRequest(name=run.name), timeout=30),
                   lambda now: now.matched_count >= 100)

        for begin in range(0, 100, 20):
            self.ingest(range(begin, begin + 20), custom_fields={f"field {n}": 1000 * "x" for n in range(230)})
        self.suite.start_again(self.suite.delivery[0])

        ended = self.wait_for_run(workflow)
        self.assertEqual((ended.state, ended.sent_count), (run_service_pb2.Run.SUCCEEDED, 100))
        received = self.receiver.wait_until(lambda all_of_them: len(all_of_them) >= 100)
        self.assertEqual(len({one.message_id for one in received}), 100)
        self.assertEqual(len({email_of(one) for one in received}), 100)

    def test_a_flood_needs_confirmation(self):
        self.start()
        self.ingest(range(20))
        self.suite.evaluator[0].stop()
        self.suite.evaluator.clear()
        self.suite.start_evaluator("--confirm-deliveries-above=10").wait_for("ready")
        self.suite.connect_evaluators()

        with self.assertRaises(grpc.RpcError) as refused:
            self.create_workflow()

        self.assertEqual(refused.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertIn("20 deliveries", refused.exception.details())

    def test_events_beyond_the_rate_wait_whoever_evaluates(self):
        self.start()
        self.suite.evaluator[0].stop()
        self.suite.evaluator.clear()
        option = "--max-community-deliveries-per-second=20"
        for _ in range(2):
            self.suite.start_evaluator(option).wait_for("ready")
        self.suite.connect_evaluators()
        _, workflow = self.suite.create_enabled_workflow(COMMUNITY, workflow_service_pb2.Workflow.NEW_MEMBER,
                                                         self.receiver.url)
        begin = time.monotonic()
        self.ingest(range(120))
        self.wait_for_workflow(workflow.name, lambda shown: shown.HasField("paced_until_time"))
        for replica in self.suite.evaluator[:2]:
            replica.kill()
            self.suite.start_evaluator(option).wait_for("ready")

        received = self.receiver.wait_until(lambda all_of_them: len({one.body for one in all_of_them}) == 120)

        # One second's worth at once, and the rest at the rate.
        self.assertGreater(time.monotonic() - begin, 5)
        self.assertEqual(len({one.message_id for one in received}), 120)


class ShortSoakTest(unittest.TestCase):
    def test_none_is_missing_and_none_is_sent_twice(self):
        print(f"seed {SEED}")
        verdict = runs_soak.soak(POSTGRES_URL, seconds=12, pause=1.5, seed=SEED)

        self.assertGreater(verdict.expected, 0)
        self.assertGreater(verdict.disruptions, 1)
        self.assertEqual((verdict.missing, verdict.twice, verdict.unexpected), ([], [], []))


if __name__ == "__main__":
    unittest.main()
