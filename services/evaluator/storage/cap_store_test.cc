#include "services/evaluator/storage/cap_store.h"

#include <memory>
#include <vector>

#include "common/pg/migrations.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/limits/cap_store_conformance.h"
#include "services/evaluator/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

// A store with a schema of its own.
class PgStore : public CapStore {
 public:
  PgStore() {
    const absl::Status status = pg::Migrate(schema_, storage::SchemaMigrations());
    EXPECT_TRUE(status.ok()) << status;
  }

  absl::StatusOr<std::vector<std::vector<absl::Time>>> Count(
      const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Duration spacing,
      absl::Time deadline) override {
    return store_.Count(matches, confirmed, spacing, deadline);
  }

 private:
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 2}};
  storage::PgCapStore store_{pool_};
};

std::unique_ptr<CapStore> MakePgStore() { return std::make_unique<PgStore>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, CapStoreConformance, testing::Values(&MakePgStore));

}  // namespace
}  // namespace crier::evaluator
