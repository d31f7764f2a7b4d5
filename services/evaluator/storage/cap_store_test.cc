#include "services/evaluator/storage/cap_store.h"

#include <memory>
#include <thread>
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

  pg::Pool& pool() { return pool_; }

  absl::StatusOr<std::vector<std::vector<absl::Time>>> Count(
      const std::vector<CappedMatches>& matches, int64_t confirmed, absl::Duration spacing,
      absl::Time deadline) override {
    return store_.Count(matches, confirmed, spacing, deadline);
  }

  int64_t Released() {
    return database_.Run(schema_, "SELECT sum(released)::bigint FROM event_cap_days")[0].Int64(0);
  }

 private:
  tests::TestDatabase database_;
  const pg::Database schema_ = database_.NewSchemaName();
  pg::Pool pool_{schema_, {.size = 2}};
  storage::PgCapStore store_{pool_};
};

std::unique_ptr<CapStore> MakePgStore() { return std::make_unique<PgStore>(); }

absl::Time Deadline() { return tests::TestDatabase::Deadline(); }

CappedMatches Match(int64_t position) {
  return {{1, 1}, "UTC", 9, {{position, absl::FromUnixSeconds(1'767'225'600)}}};
}

TEST(PgCapStoreTest, OfTwoEvaluatorsAtOnceTheSecondKnowsWhatTheFirstHasCounted) {
  PgStore store;
  ASSERT_TRUE(store.Count({Match(1)}, 0, absl::ZeroDuration(), Deadline()).ok());
  std::thread counting;

  const absl::Status first = store.pool().Run(Deadline(), [&](pg::Transaction& transaction) {
    const auto locked = transaction.ExecuteDynamic("SELECT FROM event_caps FOR UPDATE");
    if (!locked.ok()) return locked.status();
    counting = std::thread(
        [&] { EXPECT_TRUE(store.Count({Match(2)}, 0, absl::ZeroDuration(), Deadline()).ok()); });
    EXPECT_TRUE(tests::AwaitBlocked(transaction));
    return transaction.ExecuteDynamic("UPDATE event_caps SET through_position = 2").status();
  });
  counting.join();

  EXPECT_EQ(first, absl::OkStatus());
  EXPECT_EQ(store.Released(), 1) << "position 2 was counted by the other";
}

INSTANTIATE_TEST_SUITE_P(Postgres, CapStoreConformance, testing::Values(&MakePgStore));

}  // namespace
}  // namespace crier::evaluator
