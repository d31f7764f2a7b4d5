// WorkflowService: what workflows are created from.
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/transport/workflow_service_fixture.h"
#include "tests/support/wrong_fields.h"

namespace crier::evaluator::transport {
namespace {

TEST_F(WorkflowServiceTest, CreatesAndGets) {
  const v1::Workflow created = Create();

  EXPECT_THAT(created.name(), testing::MatchesRegex("communities/1/workflows/[1-9][0-9]*"));
  EXPECT_EQ(created.display_name(), "name");
  EXPECT_EQ(created.template_(), v1::Workflow::NEW_MEMBER);
  EXPECT_EQ(created.webhook(), kWebhook);
  EXPECT_EQ(created.state(), v1::Workflow::DISABLED);
  EXPECT_EQ(created.create_time().seconds(), 1'681'726'886);
  EXPECT_EQ(created.update_time().seconds(), 1'681'726'886);
  EXPECT_FALSE(created.etag().empty());
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), created.SerializeAsString());
}

TEST_F(WorkflowServiceTest, KeepsEveryTemplate) {
  for (const auto wanted : {v1::Workflow::NEW_MEMBER, v1::Workflow::NEW_ORGANIZATION,
                            v1::Workflow::NEW_ACTIVITY, v1::Workflow::MEMBERS_THAT_MEET_CRITERIA}) {
    v1::CreateWorkflowRequest request = MakeCreate();
    request.mutable_workflow()->set_template_(wanted);

    EXPECT_EQ(Create(request).value().template_(), wanted);
  }
}

struct BadCreate {
  const char* what;
  std::function<void(v1::CreateWorkflowRequest&)> spoil;
  std::vector<std::string> fields;
};

TEST_F(WorkflowServiceTest, RefusesBadCreationsByField) {
  const std::vector<BadCreate> cases = {
      {"no parent", [](auto& r) { r.clear_parent(); }, {"parent"}},
      {"no such time zone",
       [](auto& r) { r.mutable_workflow()->mutable_schedule()->set_time_zone("Mars/Olympus"); },
       {"workflow.schedule.time_zone"}},
      {"no such time",
       [](auto& r) {
         r.mutable_workflow()->mutable_schedule()->set_hours(24);
         r.mutable_workflow()->mutable_schedule()->set_minutes(-1);
       },
       {"workflow.schedule.hours", "workflow.schedule.minutes"}},
      {"negative cap",
       [](auto& r) { r.mutable_workflow()->set_max_deliveries_per_day(-1); },
       {"workflow.max_deliveries_per_day"}},
      {"parent of another kind", [](auto& r) { r.set_parent("people/1"); }, {"parent"}},
      {"parent 0", [](auto& r) { r.set_parent("communities/0"); }, {"parent"}},
      {"parent -1", [](auto& r) { r.set_parent("communities/-1"); }, {"parent"}},
      {"parent beyond int64",
       [](auto& r) { r.set_parent("communities/9223372036854775808"); },
       {"parent"}},
      {"no workflow",
       [](auto& r) { r.clear_workflow(); },
       {"workflow.display_name", "workflow.template", "workflow.webhook"}},
      {"no display name",
       [](auto& r) { r.mutable_workflow()->clear_display_name(); },
       {"workflow.display_name"}},
      {"blank display name",
       [](auto& r) { r.mutable_workflow()->set_display_name(" \t"); },
       {"workflow.display_name"}},
      {"display name of 256 bytes",
       [](auto& r) { r.mutable_workflow()->set_display_name(std::string(256, 'a')); },
       {"workflow.display_name"}},
      {"display name with NUL",
       [](auto& r) { r.mutable_workflow()->set_display_name(std::string("a\0b", 3)); },
       {"workflow.display_name"}},
      {"no template",
       [](auto& r) { r.mutable_workflow()->clear_template_(); },
       {"workflow.template"}},
      {"unknown template",
       [](auto& r) {
         r.mutable_workflow()->set_template_(static_cast<v1::Workflow::Template>(99));
       },
       {"workflow.template"}},
      {"unknown state",
       [](auto& r) { r.mutable_workflow()->set_state(static_cast<v1::Workflow::State>(99)); },
       {"workflow.state"}},
      {"no webhook", [](auto& r) { r.mutable_workflow()->clear_webhook(); }, {"workflow.webhook"}},
      {"malformed webhook",
       [](auto& r) { r.mutable_workflow()->set_webhook("webhooks/5"); },
       {"workflow.webhook"}},
      {"webhook of another community",
       [](auto& r) { r.mutable_workflow()->set_webhook("communities/2/webhooks/5"); },
       {"workflow.webhook"}},
      {"long request id", [](auto& r) { r.set_request_id(std::string(65, 'a')); }, {"request_id"}},
      {"request id that is not ASCII",
       [](auto& r) { r.set_request_id("caf\xc3\xa9"); },
       {"request_id"}},
      {"everything",
       [](auto& r) {
         r.set_request_id("\n");
         r.clear_workflow();
       },
       {"request_id", "workflow.display_name", "workflow.template", "workflow.webhook"}},
  };
  for (const BadCreate& bad : cases) {
    SCOPED_TRACE(bad.what);
    for (const bool validate_only : {false, true}) {
      v1::CreateWorkflowRequest request = MakeCreate();
      request.set_validate_only(validate_only);
      bad.spoil(request);

      const absl::Status status = Create(request).status();

      EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
      EXPECT_EQ(WrongFields(status), bad.fields);
    }
  }
  EXPECT_EQ(CountWorkflows(), 0);
}

TEST_F(WorkflowServiceTest, AcceptsADisplayNameOf255Bytes) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_display_name(std::string(255, 'a'));

  EXPECT_TRUE(Create(request).ok());
}

TEST_F(WorkflowServiceTest, AnUnknownWebhookIsAFailedPrecondition) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_webhook("communities/1/webhooks/99");
  v1::Workflow update = Create();
  update.set_webhook("communities/1/webhooks/99");
  std::vector<absl::Status> statuses = {Create(request).status(),
                                        Update(update, {"webhook"}).status()};
  request.set_validate_only(true);
  statuses.push_back(Create(request).status());

  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(ErrorReason(status), "WEBHOOK_NOT_FOUND");
  }
  EXPECT_EQ(CountWorkflows(), 1);
}

TEST_F(WorkflowServiceTest, ValidateOnlyShowsAndStoresNothing) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.set_validate_only(true);
  request.set_request_id("request");

  const v1::Workflow shown = Create(request).value();

  v1::Workflow expected = request.workflow();
  expected.set_state(v1::Workflow::DISABLED);
  EXPECT_EQ(shown.SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(CountWorkflows(), 0);
}

TEST_F(WorkflowServiceTest, ARequestIdCreatesOnceAlsoAmongConcurrentCalls) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.set_request_id("request");
  std::vector<std::string> names(8);
  std::vector<std::thread> threads;
  for (std::string& name : names) {
    threads.emplace_back([&] { name = Create(request).value().name(); });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 1u);
  EXPECT_EQ(CountWorkflows(), 1);
}

TEST_F(WorkflowServiceTest, TheRequestIdOfADeletedWorkflowIsSpent) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.set_request_id("request");
  ASSERT_TRUE(CallByName(&Stub::DeleteWorkflow, Create(request).value().name()).ok());

  const absl::Status status = Create(request).status();

  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_EQ(ErrorReason(status), "REQUEST_ID_SPENT");
}

}  // namespace
}  // namespace crier::evaluator::transport
