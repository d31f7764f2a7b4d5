#include "services/evaluator/storage/workflow_store.h"

#include <memory>

#include "gtest/gtest.h"
#include "services/evaluator/domain/workflows/workflow_store_conformance.h"
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
