// What the tests of runs as a whole start from: a real Postgres, and fakes of the other services.
#ifndef CRIER_SERVICES_EVALUATOR_RUNS_FIXTURE_H_
#define CRIER_SERVICES_EVALUATOR_RUNS_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/pg/lease_store.h"
#include "common/pg/migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_contact_source.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/runs/member_changes.h"
#include "services/evaluator/domain/runs/run_executor.h"
#include "services/evaluator/storage/cap_store.h"
#include "services/evaluator/storage/member_ledger.h"
#include "services/evaluator/storage/page_store.h"
#include "services/evaluator/storage/run_store.h"
#include "services/evaluator/storage/schema.h"
#include "services/evaluator/storage/workflow_store.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {

constexpr int64_t kCommunity = 7;
constexpr int64_t kWebhook = 5;
constexpr int32_t kPartition = 0;
inline const absl::Time kStart = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z

inline absl::Time Deadline() { return absl::Now() + absl::Seconds(30); }

inline bool NeverStop() { return false; }

// The tables of the evaluator, made once for all tests of a program, and emptied for each.
class RunsDatabase : public testing::Environment {
 public:
  void SetUp() override {
    schema_ = database_.emplace().NewSchemaName();
    const absl::Status migrated = pg::Migrate(schema_, storage::SchemaMigrations());
    ASSERT_TRUE(migrated.ok()) << migrated;
  }

  // Not in the destructor, which runs when libpqxx has gone already.
  void TearDown() override { database_.reset(); }

  const pg::Database& EmptySchema() {
    std::string script;
    for (const pg::Rows::Row table :
         database_->Run(schema_,
                        "SELECT quote_ident(tablename) FROM pg_tables"
                        " WHERE schemaname = current_schema() AND tablename NOT LIKE 'schema%'")) {
      absl::StrAppend(&script, "DELETE FROM ", table.Text(0), ";");
    }
    database_->Run(schema_, script);
    return schema_;
  }

 private:
  std::optional<tests::TestDatabase> database_;
  pg::Database schema_;
};

inline RunsDatabase* const runs_database =
    static_cast<RunsDatabase*>(testing::AddGlobalTestEnvironment(new RunsDatabase));

class RunsTest : public testing::Test {
 protected:
  using Run = evaluator::Run;  // testing::Test has one of its own
  using Event = entity::v1::Event;

  RunsTest() {
    EXPECT_TRUE(leases_.InitializeSlots(1, Deadline()).ok());
    options_.min_backoff = options_.max_backoff = absl::Seconds(1);
    fence_ = TakeLease("replica");
    workflow_ = CreateWorkflow();
  }

  // The log partition's lease, as its only live owner.
  Fence TakeLease(const std::string& owner) {
    const auto result = leases_.Heartbeat(owner, absl::Minutes(10), {});
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(result->held, testing::SizeIs(1));
    return {owner, result->held.empty() ? lease::Lease() : result->held[0]};
  }

  void GiveLeaseBack(const std::string& owner) { EXPECT_TRUE(leases_.Release(owner).ok()); }

  WorkflowId CreateWorkflow(const std::string& filter = "lead_score >= 50") {
    NewWorkflow workflow;
    workflow.community = kCommunity;
    workflow.display_name = "Members";
    workflow.workflow_template = Template::kMembersThatMeetCriteria;
    workflow.webhook = kWebhook;
    workflow.filter = filter;
    workflow.schedule = {"Europe/Berlin", 9, 0};
    const auto created = workflows_.Create(workflow, clock_.Now(), Deadline());
    EXPECT_TRUE(created.ok()) << created.status();
    return created->id;
  }

  void Change(const std::function<void(Workflow&)>& edit, const WorkflowId& id) {
    const auto changed = workflows_.Change(
        id, *events_.Head(kCommunity, Deadline()),
        [&](Workflow& workflow) {
          edit(workflow);
          workflow.update_time = clock_.Now();
          return absl::OkStatus();
        },
        Deadline());
    ASSERT_TRUE(changed.ok()) << changed.status();
  }
  void Change(const std::function<void(Workflow&)>& edit) { Change(edit, workflow_); }

  void Enable() {
    Change([](Workflow& workflow) { workflow.state = State::kEnabled; });
  }
  void Disable() {
    Change([](Workflow& workflow) { workflow.state = State::kDisabled; });
  }

  // Stores a contact as the ingest service would: changed now, with an event.
  void Put(int64_t id, double score) {
    entity::v1::Contact contact;
    contact.set_lead_score(score);
    *contact.mutable_update_time() = api::ToProto(clock_.Now());
    contacts_.Put(kCommunity, id, contact);
    Append(Event::CONTACT_UPDATED, id);
  }

  Event Append(Event::Kind kind, int64_t id, const std::vector<int64_t>& merged = {}) {
    Event event;
    event.set_community_id(kCommunity);
    event.set_kind(kind);
    *event.mutable_accept_time() = api::ToProto(clock_.Now());
    const std::string name = api::ResourceName(api::kContacts, {kCommunity, id});
    if (kind == Event::CONTACT_DELETED) {
      event.set_deleted_contact(name);
    } else {
      event.mutable_contact()->set_name(name);
    }
    for (const int64_t loser : merged) {
      event.add_merged_contacts(api::ResourceName(api::kContacts, {kCommunity, loser}));
    }
    events_.Append(event);
    return event;
  }

  // What the evaluation of the log does with an event.
  void Apply(const Event& event) {
    Frame frame;
    *frame.Add() = event;
    const auto applied = changes_.Apply(frame, clock_.Now(), Deadline);
    ASSERT_TRUE(applied.ok()) << applied.status();
  }

  // The merge as the ingest service does it; the event is for the caller to apply.
  Event Merge(int64_t winner, int64_t loser) {
    contacts_.Merge(kCommunity, winner, loser, clock_.Now());
    return Append(Event::CONTACT_MERGED, winner, {loser});
  }

  RunExecutor MakeExecutor() {
    return RunExecutor(pages_, contacts_, events_, deliveries_, rate_, clock_, metrics_, options_);
  }

  // Works on what is ready under the fence, a slice each, until nothing is.
  void Work(const Fence& fence, int slices = 1'000) {
    RunExecutor executor = MakeExecutor();
    for (; slices > 0; --slices) {
      const auto ready = pages_.FindReady({kPartition}, clock_.Now(), 10, Deadline());
      ASSERT_TRUE(ready.ok()) << ready.status();
      if (ready->empty()) return;
      executor.Work(fence, ready->front().workflow, NeverStop);
    }
  }
  void Work() { Work(fence_); }

  Run LastRun(const WorkflowId& id) {
    const auto runs = runs_.List(id, INT64_MAX, 1, Deadline());
    EXPECT_TRUE(runs.ok()) << runs.status();
    return runs->empty() ? Run() : runs->front();
  }
  Run LastRun() { return LastRun(workflow_); }

  ReleaseStatus Status() {
    const auto statuses = caps_.Get(kCommunity, {workflow_.id}, clock_.Now(), Deadline());
    EXPECT_TRUE(statuses.ok()) << statuses.status();
    return statuses->at(workflow_.id);
  }

  void BeginRun(bool full_scan = false) {
    const auto begun =
        runs_.Begin(workflow_, RunTrigger::kManual, full_scan, clock_.Now(), Deadline());
    ASSERT_TRUE(begun.ok()) << begun.status();
  }

  // The contacts that were handed over, in the order of hand-over.
  std::vector<int64_t> Sent() const {
    std::vector<int64_t> sent;
    for (const auto& message : deliveries_.messages()) {
      const auto id = api::ParseResource("name", api::kContacts, message.event().contact().name());
      sent.push_back(id.ok() ? id->id : -1);
    }
    return sent;
  }

  pg::Pool pool_{runs_database->EmptySchema(), {.size = 8}};
  pg::PgLeaseStore leases_{pool_};
  storage::PgWorkflowStore workflows_{pool_};
  storage::PgRunStore runs_{pool_};
  storage::PgPageStore pages_{pool_};
  storage::PgMemberLedger ledger_{pool_};
  storage::PgCapStore caps_{pool_};
  FakeClock clock_{kStart};
  FakeContactSource contacts_;
  FakeEventSource events_{1};
  FakeDeliverySink deliveries_;
  MemberChanges changes_{ledger_, deliveries_};
  metrics::Registry registry_;
  RunMetrics metrics_{registry_};
  SendRate rate_{0};
  RunOptions options_;
  Fence fence_;
  WorkflowId workflow_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_RUNS_FIXTURE_H_
