#include "services/evaluator/storage/statistics_store.h"

#include <memory>
#include <vector>

#include "common/pg/migrations.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/matching/statistics_store_conformance.h"
#include "services/evaluator/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

// A store with a schema of its own.
class PgStore : public StatisticsStore {
 public:
  PgStore() {
    const absl::Status status = pg::Migrate(schema_, storage::SchemaMigrations());
    EXPECT_TRUE(status.ok()) << status;
  }

  absl::Status Add(const std::vector<FireCount>& counts, absl::Time deadline) override {
    return store_.Add(counts, deadline);
  }
  absl::StatusOr<std::vector<Statistics>> Get(const std::vector<WorkflowId>& ids,
                                              absl::Time deadline) override {
    return store_.Get(ids, deadline);
  }

 private:
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 2}};
  storage::PgStatisticsStore store_{pool_};
};

std::unique_ptr<StatisticsStore> MakePgStore() { return std::make_unique<PgStore>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, StatisticsStoreConformance, testing::Values(&MakePgStore));

}  // namespace
}  // namespace crier::evaluator
