#include "services/evaluator/storage/workflow_store.h"

#include <functional>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "services/evaluator/domain/workflows/workflow_store_conformance.h"
#include "services/evaluator/storage/cap_store.h"
#include "services/evaluator/storage/member_ledger.h"
#include "services/evaluator/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

class PgStores : public StoresUnderTest {
 public:
  PgStores() {
    const absl::Status migrated = pg::Migrate(schema_, storage::SchemaMigrations());
    EXPECT_TRUE(migrated.ok()) << migrated;
  }

  WorkflowStore& workflows() override { return store_; }
  CatalogStore& catalogs() override { return store_; }

 private:
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 8}};
  storage::PgWorkflowStore store_{pool_};
};

std::unique_ptr<StoresUnderTest> MakePgStores() { return std::make_unique<PgStores>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, WorkflowStoreConformance, testing::Values(&MakePgStores));

TEST(WorkflowSchemaTest, NothingIsKeptOfWhatWasWrittenIntoADeletedWorkflow) {
  tests::TestDatabase database;
  const pg::Database schema = database.NewSchemaName();
  ASSERT_TRUE(pg::Migrate(schema, storage::SchemaMigrations()).ok());
  pg::Pool pool(schema, {.size = 1});
  storage::PgWorkflowStore store(pool);
  const absl::Time deadline = tests::TestDatabase::Deadline();
  NewWorkflow workflow;
  workflow.community = 1;
  workflow.display_name = "all that anna@example.com does";
  workflow.filter = "primary_email = \"anna@example.com\"";
  workflow.workflow_template = Template::kNewMember;
  workflow.webhook = 5;
  const WorkflowId id = store.Create(workflow, absl::UnixEpoch(), deadline).value().id;

  const auto deleted = store.Change(
      id, {},
      [](Workflow& changed) {
        changed.state = State::kDeleted;
        return absl::OkStatus();
      },
      deadline);

  ASSERT_TRUE(deleted.ok()) << deleted.status();
  const pg::Rows rows =
      database.Run(schema, "SELECT count(*) FROM workflows w WHERE w::text LIKE '%anna%'");
  EXPECT_EQ(rows[0].Int64(0), 0);
}

// Of a workflow that events fire and a cap of one a day, which has put off what came after the
// first.
class CapTransitionTest : public testing::Test {
 protected:
  CapTransitionTest() {
    EXPECT_TRUE(pg::Migrate(schema_, storage::SchemaMigrations()).ok());
    NewWorkflow workflow;
    workflow.community = 1;
    workflow.display_name = "name";
    workflow.workflow_template = Template::kNewMember;
    workflow.webhook = 5;
    workflow.max_deliveries_per_day = 1;
    id_ = store_.Create(workflow, kDay, kNoDeadline).value().id;
    Change([](Workflow& changed) { changed.state = State::kEnabled; });
    EXPECT_EQ(Count({1, 2, 3}),
              (std::vector<absl::Time>{absl::InfinitePast(), kDay + absl::Hours(24),
                                       kDay + absl::Hours(48)}));
  }

  void Change(const std::function<void(Workflow&)>& edit) {
    const auto changed = store_.Change(
        id_, {},
        [&](Workflow& workflow) {
          edit(workflow);
          workflow.update_time = kDay + absl::Hours(1);
          return absl::OkStatus();
        },
        kNoDeadline);
    EXPECT_TRUE(changed.ok()) << changed.status();
  }

  // When events of the first day at these positions are due.
  std::vector<absl::Time> Count(const std::vector<int64_t>& positions) {
    CappedMatches matches = {id_, "UTC", 1, {}};
    for (const int64_t position : positions) matches.matches.push_back({position, kDay});
    return caps_.Count({matches}, 0, absl::ZeroDuration(), kNoDeadline).value().front();
  }

  int64_t CountHeld() {
    return caps_.Get(1, {id_.id}, kDay + absl::Hours(2), kNoDeadline).value()[id_.id].held;
  }

  static constexpr absl::Time kNoDeadline = absl::InfiniteFuture();
  const absl::Time kDay = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01T00:00:00Z
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 2}};
  storage::PgWorkflowStore store_{pool_};
  storage::PgCapStore caps_{pool_};
  WorkflowId id_;
};

TEST_F(CapTransitionTest, WhatWaitedAtAWebhookThatIsGoneTakesNoDaysFromTheNext) {
  Change([](Workflow& workflow) {
    workflow.state = State::kDisabled;
    workflow.stop_reason = StopReason::kWebhookDeleted;
  });

  EXPECT_EQ(CountHeld(), 0);
  EXPECT_EQ(Count({4}).front(), kDay + absl::Hours(24)) << "today is full";
  EXPECT_EQ(Count({2}).front(), kDay + absl::Hours(24)) << "what comes again is as it was";
}

TEST_F(CapTransitionTest, AnotherWebhookHasDaysOfItsOwnAndOtherChangesLeaveThemAsTheyAre) {
  Change([](Workflow& workflow) { workflow.max_deliveries_per_day = 2; });
  Change([](Workflow& workflow) { workflow.state = State::kDisabled; });
  EXPECT_EQ(CountHeld(), 2);

  Change([](Workflow& workflow) { workflow.webhook = 6; });

  EXPECT_EQ(CountHeld(), 0);
  EXPECT_EQ(Count({4}).front(), kDay + absl::Hours(24));
}

TEST_F(CapTransitionTest, ACommunityThatWasDeletedBeginsAnew) {
  ASSERT_TRUE(storage::PgMemberLedger(pool_).EraseCommunity(1, kNoDeadline).ok());

  EXPECT_EQ(CountHeld(), 0);
  EXPECT_EQ(Count({2}).front(), kDay + absl::Hours(24)) << "what comes again is as it was";
  EXPECT_EQ(Count({4}).front(), absl::InfinitePast());
}

// The last line of defence: whatever the code does, one event never fires a workflow twice.
TEST(WorkflowSchemaTest, RevisionsOfAWorkflowCannotOverlap) {
  tests::TestDatabase database;
  const pg::Database schema = database.NewSchemaName();
  ASSERT_TRUE(pg::Migrate(schema, storage::SchemaMigrations()).ok());
  const auto insert = [&](const std::string& interval, const std::string& ids) {
    return database
        .TryRun(schema,
                "INSERT INTO workflow_revisions (from_position, until_position, community_id,"
                " workflow_id, log_partition, template, display_name, max_deliveries_per_day, "
                "time_zone,"
                " webhook_id, filter) VALUES (" +
                    interval + ", " + ids + ", 0, 1, 'name', 0, 'UTC', 1, '')")
        .status();
  };

  EXPECT_TRUE(insert("10, 20", "1, 1").ok());
  EXPECT_TRUE(insert("20, NULL", "1, 1").ok());
  EXPECT_TRUE(insert("15, NULL", "1, 2").ok()) << "another workflow";
  EXPECT_TRUE(insert("15, NULL", "2, 1").ok()) << "another community";
  EXPECT_FALSE(insert("5, 11", "1, 1").ok());
  EXPECT_FALSE(insert("30, NULL", "1, 1").ok()) << "a second one without end";
  EXPECT_FALSE(insert("4, 4", "1, 1").ok()) << "covers nothing";
  EXPECT_FALSE(insert("4, 3", "1, 1").ok()) << "ends before it begins";
}

}  // namespace
}  // namespace crier::evaluator
