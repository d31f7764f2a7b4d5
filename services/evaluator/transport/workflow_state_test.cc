// WorkflowService: what enabled workflows do, and how they are enabled.
#include <string>
#include <thread>
#include <vector>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/management/confirmation.h"
#include "services/evaluator/transport/workflow_service_fixture.h"

namespace crier::evaluator::transport {
namespace {

TEST_F(WorkflowServiceTest, KeepsScheduleAndCap) {
  v1::CreateWorkflowRequest request = MakeCreate();
  v1::Workflow& wanted = *request.mutable_workflow();
  wanted.set_template_(v1::Workflow::MEMBERS_THAT_MEET_CRITERIA);
  EXPECT_EQ(Create(request).value().schedule().time_zone(), "UTC") << "midnight when not set";
  wanted.mutable_schedule()->set_time_zone("America/New_York");
  wanted.mutable_schedule()->set_hours(23);
  wanted.mutable_schedule()->set_minutes(59);
  wanted.set_max_deliveries_per_day(100);
  const v1::Workflow created = Create(request).value();
  statuses_.SetStatus(store_.List(1, 0, 10, absl::InfiniteFuture())->back().id.id,
                      {.next_run_time = clock_.Now(),
                       .released_today = 100,
                       .capped_until = clock_.Now() + absl::Hours(1),
                       .paced_until = clock_.Now() + absl::Seconds(7)});

  const v1::Workflow got = Get(created.name()).value();

  EXPECT_EQ(got.schedule().SerializeAsString(), wanted.schedule().SerializeAsString());
  EXPECT_EQ(got.max_deliveries_per_day(), 100);
  EXPECT_EQ(got.cap_status().released_today(), 100);
  EXPECT_TRUE(got.cap_status().has_hold_until_time());
  EXPECT_EQ(got.next_run_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(api::FromProto(got.paced_until_time()), clock_.Now() + absl::Seconds(7));

  v1::Workflow update = got;
  update.mutable_schedule()->set_hours(7);
  update.set_max_deliveries_per_day(0);
  const v1::Workflow updated = Update(update, {"schedule", "max_deliveries_per_day"}).value();
  EXPECT_EQ(updated.schedule().hours(), 7);
  EXPECT_FALSE(updated.has_cap_status());
}

TEST_F(WorkflowServiceTest, AnEnableThatWouldFloodNeedsConfirmation) {
  for (int64_t id = 1; id <= 3; ++id) contacts_.Put(1, id, {});
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_template_(v1::Workflow::MEMBERS_THAT_MEET_CRITERIA);
  v1::EnableWorkflowRequest enable;
  enable.set_name(Create(request).value().name());

  const absl::Status refused = client_.Call(&Stub::EnableWorkflow, enable).status();
  EXPECT_EQ(ErrorReason(refused), "CONFIRMATION_REQUIRED") << refused;
  EXPECT_EQ(Get(enable.name()).value().state(), v1::Workflow::DISABLED);

  enable.set_confirmation_token(MakeConfirmationToken(1, "", 3, clock_.Now()));
  EXPECT_EQ(client_.Call(&Stub::EnableWorkflow, enable).value().state(), v1::Workflow::ENABLED);
}

TEST_F(WorkflowServiceTest, CriteriaThatWouldFloodNeedConfirmation) {
  for (int64_t id = 1; id <= 3; ++id) contacts_.Put(1, id, {});
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_template_(v1::Workflow::MEMBERS_THAT_MEET_CRITERIA);
  request.mutable_workflow()->set_filter("lead_score >= 50");
  const v1::Workflow enabled =
      CallByName(&Stub::EnableWorkflow, Create(request).value().name()).value();
  v1::UpdateWorkflowRequest update;
  *update.mutable_workflow() = enabled;
  update.mutable_workflow()->set_filter("lead_score >= 0");
  update.mutable_update_mask()->add_paths("filter");

  const absl::Status refused = client_.Call(&Stub::UpdateWorkflow, update).status();
  EXPECT_EQ(ErrorReason(refused), "CONFIRMATION_REQUIRED") << refused;
  EXPECT_EQ(Get(enabled.name()).value().etag(), enabled.etag());

  update.set_confirmation_token(MakeConfirmationToken(1, "lead_score >= 0", 3, clock_.Now()));
  EXPECT_EQ(client_.Call(&Stub::UpdateWorkflow, update).value().filter(), "lead_score >= 0");
}

TEST_F(WorkflowServiceTest, ShowsWhatAWorkflowHasDone) {
  const v1::Workflow created = Create();
  const auto id = api::ParseResource("name", api::kWorkflows, created.name());
  EXPECT_EQ(created.statistics().matched_count(), 0);
  EXPECT_FALSE(created.statistics().has_last_fire_time());
  ASSERT_TRUE(
      statistics_.Add({{*id, {3, 2, absl::FromUnixSeconds(9)}}}, absl::InfiniteFuture()).ok());

  const v1::Workflow got = Get(created.name()).value();

  EXPECT_EQ(got.statistics().matched_count(), 3);
  EXPECT_EQ(got.statistics().enqueued_count(), 2);
  EXPECT_EQ(got.statistics().last_fire_time().seconds(), 9);
  EXPECT_EQ(List(kParent)->workflows(0).statistics().matched_count(), 3);
  EXPECT_EQ(got.etag(), created.etag());
}

TEST_F(WorkflowServiceTest, ShowsWhyAWorkflowWasStopped) {
  const v1::Workflow created = Create();
  ASSERT_TRUE(CallByName(&Stub::EnableWorkflow, created.name()).ok());
  const auto id = api::ParseResource("name", api::kWorkflows, created.name());
  ASSERT_TRUE(workflows_.StopWithoutWebhook(*id, 5, absl::InfiniteFuture()).ok());

  EXPECT_EQ(Get(created.name())->state(), v1::Workflow::DISABLED);
  EXPECT_EQ(Get(created.name())->stop_reason(), v1::Workflow::WEBHOOK_DELETED);
}

TEST_F(WorkflowServiceTest, EnablesAndDisables) {
  const std::string name = Create().name();

  const v1::Workflow enabled = CallByName(&Stub::EnableWorkflow, name).value();
  EXPECT_EQ(enabled.state(), v1::Workflow::ENABLED);
  EXPECT_EQ(CallByName(&Stub::EnableWorkflow, name).value().etag(), enabled.etag());

  const v1::Workflow disabled = CallByName(&Stub::DisableWorkflow, name).value();
  EXPECT_EQ(disabled.state(), v1::Workflow::DISABLED);
  EXPECT_NE(disabled.etag(), enabled.etag());
  EXPECT_EQ(CallByName(&Stub::DisableWorkflow, name).value().etag(), disabled.etag());
}

TEST_F(WorkflowServiceTest, RacingEnablesAndDisablesKeepRevisionsWellFormed) {
  const std::string name = Create().name();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &name] {
      for (int i = 0; i < 25; ++i) {
        entity::v1::Event event;
        event.set_community_id(1);
        events_.Append(event);
        const auto method = (t + i) % 2 == 0 ? CallByName(&Stub::EnableWorkflow, name)
                                             : CallByName(&Stub::DisableWorkflow, name);
        EXPECT_TRUE(method.ok()) << method.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const Catalog catalog = *store_.Load(0, 0, absl::InfiniteFuture());
  int64_t boundary = 0;
  bool open = false;
  for (const Revision& revision : catalog.Find(1, Template::kNewMember)) {
    EXPECT_FALSE(open);
    EXPECT_GE(revision.from_position, boundary);
    open = !revision.until_position;
    boundary = revision.until_position.value_or(revision.from_position);
  }
  EXPECT_EQ(open, Get(name).value().state() == v1::Workflow::ENABLED);
}

}  // namespace
}  // namespace crier::evaluator::transport
