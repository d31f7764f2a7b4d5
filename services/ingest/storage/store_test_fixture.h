// A schema of its own, with the tables and the partitions of the days around kNow.
#ifndef CRIER_SERVICES_INGEST_STORAGE_STORE_TEST_FIXTURE_H_
#define CRIER_SERVICES_INGEST_STORAGE_STORE_TEST_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/pg/migrations.h"
#include "common/pg/pool.h"
#include "common/pg/time_partitions.h"
#include "crier_ingest_migrations.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/fakes/test_records.h"
#include "services/ingest/storage/entity_store.h"
#include "services/ingest/storage/event_log.h"
#include "services/ingest/storage/request_store.h"
#include "tests/support/test_database.h"

namespace crier::ingest::storage {

constexpr absl::Duration kRetention = absl::Hours(24 * 365);

// In the empty schema of the pool, with partitions for the days around `now`.
inline void MakeTables(pg::Pool& pool, absl::Time now) {
  const absl::Time deadline = tests::TestDatabase::Deadline();
  EXPECT_EQ(pg::Migrate(pool.database(), Migrations()), absl::OkStatus());
  for (const auto& table : {EventTable(kRetention), RequestTable(kRetention)}) {
    EXPECT_EQ(pg::MaintainPartitions(pool, table, now, 2, deadline), absl::OkStatus());
  }
}

class StoreTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { postgres_ = new tests::TestDatabase; }
  static void TearDownTestSuite() {
    delete postgres_;
    postgres_ = nullptr;
  }

  StoreTest() { MakeTables(pool_, kNow); }

  static absl::Time Deadline() { return tests::TestDatabase::Deadline(); }

  static std::vector<std::string> Ingest(EntityStore& store, const std::vector<Record>& records,
                                         absl::Time now = kNow) {
    return IngestInto(store, records, now);
  }

  static ChangedContact Changed(const entity::v1::Contact& contact) {
    return {std::make_shared<entity::v1::Contact>(contact), contact.SerializeAsString()};
  }

  int64_t Count(const std::string& what) {
    return postgres_->Run(database_, absl::StrCat("SELECT count(*) FROM ", what))[0].Int64(0);
  }

  static inline const absl::Time kNow = absl::FromUnixMicros(absl::ToUnixMicros(absl::Now()));
  static tests::TestDatabase* postgres_;

  const pg::Database database_ = postgres_->NewSchema();
  pg::Pool pool_{database_, {}};
  PgEntityStore store_{pool_};
  PgEventLog log_{pool_};
};

inline tests::TestDatabase* StoreTest::postgres_ = nullptr;

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_STORE_TEST_FIXTURE_H_
