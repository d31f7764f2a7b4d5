"""crierctl workflows: what it sends and shows."""

import unittest

import grpc

from crier.workflow.v1 import workflow_service_pb2

import fake_crier

Workflow = workflow_service_pb2.Workflow


class WorkflowsTest(fake_crier.CommandTest):
    def test_create_and_enable(self):
        self.crier.answers["CreateWorkflow"] = Workflow(name="communities/7/workflows/5", state=Workflow.DISABLED)
        self.crier.answers["EnableWorkflow"] = Workflow(name="communities/7/workflows/5", state=Workflow.ENABLED)

        out, _ = self.run_crierctl("workflows", "create", "--display-name", "Welcome", "--template", "new-member",
                                   "--webhook", "3", "--enable")

        create, enable = self.crier.requests
        self.assertEqual(create.workflow, Workflow(display_name="Welcome", template=Workflow.NEW_MEMBER,
                                                   webhook="communities/7/webhooks/3"))
        self.assertEqual(enable.name, "communities/7/workflows/5")
        self.assertIn("enabled", out)

    def test_create_says_that_it_sends_nothing_yet(self):
        self.crier.answers["CreateWorkflow"] = Workflow(name="communities/7/workflows/5", state=Workflow.DISABLED)

        out, _ = self.run_crierctl("workflows", "create", "--display-name=a", "--template=new-activity",
                                   "--webhook=3")

        self.assertIn("crierctl workflows enable 5", out)

    def test_update_sends_only_what_is_given(self):
        self.crier.answers["UpdateWorkflow"] = lambda request: request.workflow

        self.run_crierctl("workflows", "update", "5", "--webhook", "4")

        request = self.crier.requests[0]
        self.assertEqual(request.workflow, Workflow(name="communities/7/workflows/5",
                                                    webhook="communities/7/webhooks/4"))
        self.assertEqual(list(request.update_mask.paths), ["webhook"])

    def test_criteria_are_sent_and_can_be_emptied(self):
        for call in ("CreateWorkflow", "UpdateWorkflow"):
            self.crier.answers[call] = lambda request: request.workflow

        out, _ = self.run_crierctl("workflows", "create", "--display-name=a", "--template=new-member", "--webhook=3",
                                   "--filter", 'title = "CEO"')
        self.run_crierctl("workflows", "update", "5", "--filter", "")

        create, update = self.crier.requests
        self.assertEqual(create.workflow.filter, 'title = "CEO"')
        self.assertIn('title = "CEO"', out)
        self.assertEqual(list(update.update_mask.paths), ["filter"])

    def test_preview_says_who_and_why_and_shows_the_payload(self):
        preview = workflow_service_pb2.PreviewWorkflowResponse(match_count=12345, recent_count=7,
                                                               sample_payload='{"type":"contact"}')
        sample = preview.samples.add(reasons=["lead_score is 85, at least 80"])
        sample.contact.name, sample.contact.full_name = "communities/7/contacts/9", "Marion"
        self.crier.answers["PreviewWorkflow"] = preview

        out, _ = self.run_crierctl("workflows", "preview", "--template=new-member", "--filter", "lead_score >= 80",
                                   "--webhook=3", "--days=30")
        self.run_crierctl("workflows", "preview", "5")
        _, err = self.run_crierctl("workflows", "preview", "5", "--filter", "x", exit_code=2)

        unsaved, saved = self.crier.requests
        self.assertEqual(unsaved.parent, "communities/7")
        self.assertEqual(unsaved.workflow, Workflow(template=Workflow.NEW_MEMBER, filter="lead_score >= 80",
                                                    webhook="communities/7/webhooks/3"))
        self.assertEqual(saved.name, "communities/7/workflows/5")
        self.assertTrue(out.endswith("}\n"), out)
        for expected in ("12,345", "new in 30 days:", "Marion", "lead_score is 85, at least 80", '"type": "contact"'):
            self.assertIn(expected, out)
        self.assertIn("give either a workflow", err)

    def test_preview_says_how_to_confirm(self):
        self.crier.answers["PreviewWorkflow"] = workflow_service_pb2.PreviewWorkflowResponse(
            match_count=12345, confirmation_token="abc=", confirmation_required=True)

        saved, _ = self.run_crierctl("workflows", "preview", "5")
        unsaved, _ = self.run_crierctl("workflows", "preview", "--template=members-that-meet-criteria")
        self.crier.answers["PreviewWorkflow"].confirmation_required = False
        quiet, _ = self.run_crierctl("workflows", "preview", "5")

        self.assertIn("release 12,345 deliveries", saved)
        self.assertIn("crierctl workflows enable communities/7/workflows/5 --confirmation-token abc=", saved)
        self.assertNotIn("update", saved)
        self.assertIn("one that is enabled: update", unsaved)
        self.assertNotIn("confirmation", quiet)

    def test_what_releases_many_is_confirmed(self):
        for call in ("EnableWorkflow", "UpdateWorkflow"):
            self.crier.answers[call] = Workflow(name="communities/7/workflows/5")

        self.run_crierctl("workflows", "enable", "5", "--confirmation-token", "abc=", "--etag", "e1")
        self.run_crierctl("workflows", "update", "5", "--filter", "", "--confirmation-token", "def=")

        self.assertEqual([request.confirmation_token for request in self.crier.requests], ["abc=", "def="])
        self.assertEqual(self.crier.requests[0].etag, '"e1"')

    def test_what_holds_a_workflow_is_shown(self):
        workflow = Workflow(name="communities/7/workflows/5", display_name="Welcome", template=Workflow.NEW_MEMBER,
                            max_deliveries_per_day=100,
                            cap_status=Workflow.CapStatus(released_today=100, held_count=12, suppressed_today=3))
        workflow.cap_status.hold_until_time.FromJsonString("2026-01-02T00:00:00Z")
        workflow.paced_until_time.FromJsonString("2026-01-01T10:00:07Z")
        self.crier.answers["EnableWorkflow"] = workflow

        out, _ = self.run_crierctl("workflows", "enable", "5")

        self.assertIn("100 (100 today, 12 held, 3 suppressed)", out)
        self.assertRegex(out, r"held until: +2026-01-02 00:00:00Z")
        self.assertRegex(out, r"put off until: +2026-01-01 10:00:07Z")

    def test_list_and_disable(self):
        workflow = Workflow(name="communities/7/workflows/5", display_name="Welcome", template=Workflow.NEW_MEMBER,
                            webhook="communities/7/webhooks/3", state=Workflow.ENABLED)
        self.crier.answers["ListWorkflows"] = workflow_service_pb2.ListWorkflowsResponse(workflows=[workflow])
        self.crier.answers["DisableWorkflow"] = workflow
        self.crier.answers["DeleteWorkflow"] = fake_crier.failure(grpc.StatusCode.NOT_FOUND, "there is no such workflow")

        out, _ = self.run_crierctl("workflows", "list")
        self.run_crierctl("workflows", "disable", "5", "--etag", "e1")
        _, err = self.run_crierctl("workflows", "delete", "6", exit_code=1)

        self.assertEqual(out.splitlines()[1].split(), ["5", "Welcome", "new-member", "3", "enabled"])
        self.assertEqual(self.crier.requests[1].name, "communities/7/workflows/5")
        self.assertEqual(self.crier.requests[1].etag, '"e1"')
        self.assertEqual(err, "error: there is no such workflow\n")


if __name__ == "__main__":
    unittest.main()
