// What the tests of Reconcile() start from.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_RECONCILE_TEST_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_RECONCILE_TEST_H_

#include <string>
#include <utility>
#include <vector>

#include "common/status/errors.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/fakes/fake_entity_store.h"
#include "services/ingest/domain/fakes/test_records.h"
#include "services/ingest/domain/writing/reconcile.h"

namespace crier::ingest {

inline const absl::Time kNow = absl::FromUnixSeconds(1700000000);

// Reconciles against a store in memory, batch after batch.
class ReconcileTest : public testing::Test {
 protected:
  // One batch; `outcome name` of each record, or its error.
  std::vector<std::string> Ingest(const std::vector<Record>& records, absl::Time now = kNow) {
    const auto changes =
        store_.Transact(LookupOf(records), absl::InfiniteFuture(),
                        [&](Known known) { return Reconcile(records, std::move(known), now); });
    EXPECT_TRUE(changes.ok());
    std::vector<std::string> outcomes;
    for (const auto& result : changes->results) outcomes.push_back(Describe(result));
    return outcomes;
  }

  // What one batch would write.
  Changes ChangesOf(const std::vector<Record>& records) const {
    return Reconcile(records, store_.KnownOf(LookupOf(records)), kNow);
  }

  static std::string Describe(const absl::StatusOr<Ingested>& result) {
    if (!result.ok()) return ErrorReason(result.status());
    return OutcomeAndName(*result);
  }

  std::vector<std::string> EventKinds() const {
    std::vector<std::string> kinds;
    for (const entity::v1::Event& event : store_.events)
      kinds.push_back(entity::v1::Event::Kind_Name(event.kind()));
    return kinds;
  }

  const entity::v1::Contact& ContactById(int64_t community, int64_t id) {
    return *store_.known.contacts.at({community, id});
  }

  FakeEntityStore store_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_RECONCILE_TEST_H_
