#include "services/evaluator/transport/workflow_service.h"

#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/confirmation.h"
#include "services/evaluator/domain/fake_cap_store.h"
#include "services/evaluator/domain/fake_contact_source.h"
#include "services/evaluator/domain/fake_delivery_sink.h"
#include "services/evaluator/domain/fake_entity_source.h"
#include "services/evaluator/domain/fake_event_source.h"
#include "services/evaluator/domain/fake_statistics_store.h"
#include "services/evaluator/domain/fake_target_directory.h"
#include "services/evaluator/domain/fake_workflow_store.h"
#include "tests/support/in_process_client.h"
#include "tests/support/wrong_fields.h"

namespace crier::evaluator::transport {
namespace {

namespace v1 = workflow::v1;
using Stub = v1::WorkflowService::Stub;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kParent[] = "communities/1";
constexpr char kWebhook[] = "communities/1/webhooks/5";

class WorkflowServiceTest : public testing::Test {
 protected:
  WorkflowServiceTest() {
    deliveries_.AddWebhook({1, 5});
    deliveries_.AddWebhook({1, 6});
  }

  static v1::CreateWorkflowRequest MakeCreate() {
    v1::CreateWorkflowRequest request;
    request.set_parent(kParent);
    request.mutable_workflow()->set_display_name("name");
    request.mutable_workflow()->set_template_(v1::Workflow::NEW_MEMBER);
    request.mutable_workflow()->set_webhook(kWebhook);
    return request;
  }

  absl::StatusOr<v1::Workflow> Create(const v1::CreateWorkflowRequest& request) {
    return client_.Call(&Stub::CreateWorkflow, request);
  }

  v1::Workflow Create() { return Create(MakeCreate()).value(); }

  template <typename Request, typename Response>
  absl::StatusOr<Response> CallByName(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const std::string& name) {
    Request request;
    request.set_name(name);
    return client_.Call(method, request);
  }

  absl::StatusOr<v1::Workflow> Get(const std::string& name) {
    return CallByName(&Stub::GetWorkflow, name);
  }

  absl::StatusOr<v1::Workflow> Update(const v1::Workflow& workflow,
                                      const std::vector<std::string>& mask) {
    v1::UpdateWorkflowRequest request;
    *request.mutable_workflow() = workflow;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return client_.Call(&Stub::UpdateWorkflow, request);
  }

  absl::StatusOr<v1::ListWorkflowsResponse> List(const std::string& parent, int page_size = 0,
                                                 const std::string& page_token = "") {
    v1::ListWorkflowsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return client_.Call(&Stub::ListWorkflows, request);
  }

  int CountWorkflows() { return List(kParent).value().workflows_size(); }

  std::atomic<bool> ingest_away_ = false;
  std::atomic<bool> delivery_away_ = false;
  FakeWorkflowStore store_;
  FakeEventSource events_{1, [this] { return ingest_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeDeliverySink deliveries_{[this] { return delivery_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeClock clock_{absl::FromUnixSeconds(1'681'726'886)};
  Workflows workflows_{store_, events_, deliveries_, clock_};
  rpc::Executor executor_{{.threads = 4, .queue_capacity = 64}};
  FakeEntitySource entities_{clock_,
                             [this] { return ingest_away_ ? Fault::kBefore : Fault::kNone; }};
  FakeTargetDirectory targets_{deliveries_};
  Previewer previewer_{entities_, targets_, clock_};
  FakeStatisticsStore statistics_;
  FakeContactSource contacts_;
  FakeCapStore statuses_;
  EnableGuard guard_{contacts_, statuses_, /*limit=*/2, clock_};
  WorkflowService service_{workflows_, previewer_, statistics_, guard_,
                           statuses_,  clock_,     executor_};
  InProcessClient<v1::WorkflowService> client_{service_};
};

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

TEST_F(WorkflowServiceTest, KeepsAndChangesCriteria) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_filter("lead_score >= 80 AND tags.name:VIP");
  v1::Workflow created = Create(request).value();
  EXPECT_EQ(created.filter(), "lead_score >= 80 AND tags.name:VIP");
  EXPECT_EQ(Get(created.name()).value().filter(), created.filter());

  created.set_filter("");
  EXPECT_EQ(Update(created, {"filter"}).value().filter(), "");
}

TEST_F(WorkflowServiceTest, SaysWhereCriteriaAreWrongBesideWhatElseIs) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_display_name("");
  request.mutable_workflow()->set_filter("lead_score >= 80 AND domain = x");

  const absl::Status status = Create(request).status();

  EXPECT_THAT(WrongFields(status), ElementsAre("workflow.display_name", "workflow.filter"));
  request.mutable_workflow()->set_display_name("name");
  EXPECT_EQ(Create(request).status().message(),
            "workflow.filter is wrong at byte 21: there is no field `domain`; did you mean "
            "`organization.domain`?");
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

TEST_F(WorkflowServiceTest, PreviewsWhatIsSavedAndWhatIsNot) {
  entity::v1::Event event;
  event.set_kind(entity::v1::Event::CONTACT_FOUND);
  event.set_community_id(1);
  event.mutable_contact()->set_full_name("Marion");
  entities_.Add(event);
  v1::PreviewWorkflowRequest request;
  request.set_parent(kParent);
  request.mutable_workflow()->set_template_(v1::Workflow::NEW_MEMBER);
  request.mutable_workflow()->set_filter("full_name = marion");

  const auto unsaved = client_.Call(&Stub::PreviewWorkflow, request);
  request.set_name(Create().name());
  const auto saved = client_.Call(&Stub::PreviewWorkflow, request);

  ASSERT_TRUE(unsaved.ok()) << unsaved.status();
  EXPECT_EQ(unsaved->match_count(), 1);
  ASSERT_EQ(unsaved->samples_size(), 1);
  EXPECT_EQ(unsaved->samples(0).contact().full_name(), "Marion");
  EXPECT_THAT(unsaved->samples(0).reasons(), ElementsAre("full_name is \"Marion\""));
  EXPECT_EQ(unsaved->sample_payload(), "");
  EXPECT_EQ(CountWorkflows(), 1) << "a preview saves nothing";
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(saved->match_count(), 1);
  EXPECT_THAT(saved->sample_payload(), testing::HasSubstr("\"webhook\":5"));
}

TEST_F(WorkflowServiceTest, RefusesBadPreviewsByField) {
  v1::PreviewWorkflowRequest request;
  request.set_parent(kParent);
  const auto fields = [&] {
    return WrongFields(client_.Call(&Stub::PreviewWorkflow, request).status());
  };
  EXPECT_THAT(fields(), ElementsAre("name"));
  request.set_name("communities/2/workflows/1");
  EXPECT_THAT(fields(), ElementsAre("name"));
  request.mutable_workflow()->set_filter("nope = 1");
  EXPECT_THAT(fields(), ElementsAre("workflow.template"));
  request.mutable_workflow()->set_template_(v1::Workflow::NEW_MEMBER);
  EXPECT_THAT(fields(), ElementsAre("workflow.filter"));
  request.set_sample_size(21);
  request.set_days(-1);
  EXPECT_THAT(fields(), ElementsAre("sample_size", "days"));
  request.set_parent("1");
  EXPECT_THAT(fields(), ElementsAre("parent"));
}

TEST_F(WorkflowServiceTest, AcceptsADisplayNameOf255Bytes) {
  v1::CreateWorkflowRequest request = MakeCreate();
  request.mutable_workflow()->set_display_name(std::string(255, 'a'));

  EXPECT_TRUE(Create(request).ok());
}

TEST_F(WorkflowServiceTest, RefusesBadNames) {
  const std::vector<std::string> names = {"",
                                          "workflows/1",
                                          "communities/1/workflows/",
                                          "communities/1/workflows/0",
                                          "communities/1/workflows/01",
                                          "communities/1/workflows/-1",
                                          "communities/1/workflows/x",
                                          "communities/1/workflows/1/more",
                                          "communities/1/webhooks/1",
                                          "communities/1/workflows/9223372036854775808"};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    EXPECT_THAT(WrongFields(Get(name).status()), ElementsAre("name"));
    EXPECT_THAT(WrongFields(CallByName(&Stub::DeleteWorkflow, name).status()), ElementsAre("name"));
    EXPECT_THAT(WrongFields(CallByName(&Stub::EnableWorkflow, name).status()), ElementsAre("name"));
    EXPECT_THAT(WrongFields(CallByName(&Stub::DisableWorkflow, name).status()),
                ElementsAre("name"));
    v1::Workflow workflow;
    workflow.set_name(name);
    EXPECT_THAT(WrongFields(Update(workflow, {}).status()), ElementsAre("workflow.name"));
  }
}

TEST_F(WorkflowServiceTest, UnknownWorkflowsAreNotFound) {
  const std::string name = "communities/1/workflows/99";
  v1::Workflow workflow;
  workflow.set_name(name);
  workflow.set_display_name("other");
  const std::vector<absl::Status> statuses = {
      Get(name).status(), CallByName(&Stub::DeleteWorkflow, name).status(),
      CallByName(&Stub::EnableWorkflow, name).status(),
      CallByName(&Stub::DisableWorkflow, name).status(), Update(workflow, {}).status()};

  for (const absl::Status& status : statuses) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_EQ(ErrorReason(status), "WORKFLOW_NOT_FOUND");
  }
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

TEST_F(WorkflowServiceTest, ListsInPages) {
  std::vector<std::string> created;
  for (int i = 0; i < 5; ++i) created.push_back(Create().name());
  std::vector<std::string> listed;
  std::string token;
  int pages = 0;

  do {
    const v1::ListWorkflowsResponse page = List(kParent, 2, token).value();
    for (const v1::Workflow& workflow : page.workflows()) listed.push_back(workflow.name());
    token = page.next_page_token();
    ++pages;
  } while (!token.empty());

  EXPECT_EQ(listed, created);
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(List("communities/2").value().workflows(), IsEmpty());
  EXPECT_TRUE(List(kParent, 5).value().next_page_token().empty()) << "the last page is full";
}

TEST_F(WorkflowServiceTest, RefusesBadListings) {
  for (int i = 0; i < 2; ++i) Create();
  const std::string token = List(kParent, 1).value().next_page_token();
  ASSERT_FALSE(token.empty());

  EXPECT_THAT(WrongFields(List("").status()), ElementsAre("parent"));
  EXPECT_THAT(WrongFields(List("communities/1/workflows/1").status()), ElementsAre("parent"));
  EXPECT_THAT(WrongFields(List(kParent, -1).status()), ElementsAre("page_size"));
  EXPECT_THAT(WrongFields(List(kParent, 1, "nonsense").status()), ElementsAre("page_token"));
  EXPECT_THAT(WrongFields(List("communities/2", 1, token).status()), ElementsAre("page_token"));
}

TEST_F(WorkflowServiceTest, UpdatesWhatTheMaskNames) {
  const v1::Workflow created = Create();
  v1::Workflow wanted = created;
  wanted.set_display_name("new name");
  wanted.set_webhook("communities/1/webhooks/6");
  clock_.Advance(absl::Seconds(1));

  const v1::Workflow renamed = Update(wanted, {"display_name"}).value();
  EXPECT_EQ(renamed.display_name(), "new name");
  EXPECT_EQ(renamed.webhook(), kWebhook);
  EXPECT_NE(renamed.etag(), created.etag());
  EXPECT_EQ(renamed.update_time().seconds(), created.update_time().seconds() + 1);

  wanted.clear_etag();
  EXPECT_EQ(Update(wanted, {"*"}).value().webhook(), "communities/1/webhooks/6");
}

TEST_F(WorkflowServiceTest, AnEmptyMaskUpdatesWhatIsNotEmpty) {
  v1::Workflow wanted;
  wanted.set_name(Create().name());
  wanted.set_webhook("communities/1/webhooks/6");

  const v1::Workflow updated = Update(wanted, {}).value();

  EXPECT_EQ(updated.display_name(), "name");
  EXPECT_EQ(updated.webhook(), "communities/1/webhooks/6");
}

TEST_F(WorkflowServiceTest, RefusesBadUpdatesByField) {
  const v1::Workflow created = Create();
  v1::Workflow blank;
  blank.set_name(created.name());
  v1::Workflow foreign = blank;
  foreign.set_webhook("communities/2/webhooks/5");
  v1::Workflow unknown = blank;
  unknown.set_template_(static_cast<v1::Workflow::Template>(99));

  for (const char* path : {"template", "state", "name", "etag", "create_time", "nonsense",
                           "display_name.more", "displayName", ""}) {
    SCOPED_TRACE(path);
    EXPECT_THAT(WrongFields(Update(created, {path}).status()), ElementsAre("update_mask"));
  }
  EXPECT_THAT(WrongFields(Update(blank, {"display_name"}).status()),
              ElementsAre("workflow.display_name"));
  EXPECT_THAT(WrongFields(Update(blank, {"*"}).status()),
              ElementsAre("workflow.display_name", "workflow.webhook"));
  EXPECT_THAT(WrongFields(Update(foreign, {}).status()), ElementsAre("workflow.webhook"));
  EXPECT_THAT(WrongFields(Update(unknown, {}).status()), ElementsAre("workflow.template"));
  EXPECT_THAT(WrongFields(Update({}, {}).status()), ElementsAre("workflow.name"));
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), created.SerializeAsString());
}

TEST_F(WorkflowServiceTest, AnOldEtagAbortsUpdateAndDelete) {
  const v1::Workflow created = Create();
  v1::Workflow wanted = created;
  wanted.set_display_name("new name");
  const v1::Workflow updated = Update(wanted, {"display_name"}).value();
  v1::DeleteWorkflowRequest deletion;
  deletion.set_name(created.name());
  deletion.set_etag(created.etag());

  for (const absl::Status& status : {Update(wanted, {"display_name"}).status(),
                                     client_.Call(&Stub::DeleteWorkflow, deletion).status()}) {
    EXPECT_TRUE(absl::IsAborted(status)) << status;
    EXPECT_EQ(ErrorReason(status), "ETAG_MISMATCH");
  }
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), updated.SerializeAsString());

  deletion.set_etag(updated.etag());
  EXPECT_TRUE(client_.Call(&Stub::DeleteWorkflow, deletion).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(created.name()).status()));
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

TEST_F(WorkflowServiceTest, SaysWhenAServiceBehindItIsAway) {
  const v1::Workflow created = Create();
  ingest_away_ = true;
  delivery_away_ = true;

  EXPECT_TRUE(absl::IsUnavailable(Create(MakeCreate()).status()));
  EXPECT_TRUE(absl::IsUnavailable(CallByName(&Stub::EnableWorkflow, created.name()).status()));
  EXPECT_TRUE(absl::IsUnavailable(CallByName(&Stub::DeleteWorkflow, created.name()).status()));
  EXPECT_EQ(Get(created.name()).value().SerializeAsString(), created.SerializeAsString());
}

}  // namespace
}  // namespace crier::evaluator::transport
