// The members in ledgers, in Postgres.
#ifndef CRIER_SERVICES_EVALUATOR_STORAGE_MEMBER_LEDGER_H_
#define CRIER_SERVICES_EVALUATOR_STORAGE_MEMBER_LEDGER_H_

#include <vector>

#include "common/pg/pool.h"
#include "services/evaluator/domain/runs/member_ledger.h"

namespace crier::evaluator::storage {

// Thread-safe.
class PgMemberLedger : public MemberLedger {
 public:
  // `pool` must outlive the ledger.
  explicit PgMemberLedger(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<ChangedPage>> Merge(int64_t community, int64_t winner,
                                                 const std::vector<int64_t>& losers, absl::Time now,
                                                 absl::Time deadline) override;
  absl::StatusOr<std::vector<ChangedPage>> Erase(int64_t community,
                                                 const std::vector<int64_t>& contacts,
                                                 absl::Time now, absl::Time deadline) override;
  absl::StatusOr<std::vector<ChangedPage>> EraseCommunity(int64_t community,
                                                          absl::Time deadline) override;

 private:
  pg::Pool& pool_;
};

}  // namespace crier::evaluator::storage

#endif  // CRIER_SERVICES_EVALUATOR_STORAGE_MEMBER_LEDGER_H_
