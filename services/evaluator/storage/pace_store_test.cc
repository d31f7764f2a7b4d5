#include "services/evaluator/storage/pace_store.h"

#include <memory>
#include <vector>

#include "common/pg/migrations.h"
#include "gtest/gtest.h"
#include "services/evaluator/domain/limits/pace_store_conformance.h"
#include "services/evaluator/storage/schema.h"
#include "tests/support/test_database.h"

namespace crier::evaluator {
namespace {

// A store with a schema of its own.
class PgStore : public PaceStore {
 public:
  PgStore() {
    const absl::Status status = pg::Migrate(schema_, storage::SchemaMigrations());
    EXPECT_TRUE(status.ok()) << status;
  }

  absl::Status Store(int32_t log_partition, const std::vector<PaceBooking>& bookings,
                     absl::Time deadline) override {
    return store_.Store(log_partition, bookings, deadline);
  }
  absl::StatusOr<std::vector<PaceBooking>> Load(int32_t log_partition, absl::Time now,
                                                absl::Time deadline) override {
    return store_.Load(log_partition, now, deadline);
  }

 private:
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 2}};
  storage::PgPaceStore store_{pool_};
};

std::unique_ptr<PaceStore> MakePgStore() { return std::make_unique<PgStore>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, PaceStoreConformance, testing::Values(&MakePgStore));

}  // namespace
}  // namespace crier::evaluator
