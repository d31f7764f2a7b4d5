// A ledger that only remembers what it was told.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKE_MEMBER_LEDGER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKE_MEMBER_LEDGER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "services/evaluator/domain/member_ledger.h"

namespace crier::evaluator {

// Thread-safe.
class FakeMemberLedger : public MemberLedger {
 public:
  // What every change from now on is to have changed.
  void SetChangedPages(std::vector<ChangedPage> pages) {
    absl::MutexLock lock(&mutex_);
    pages_ = std::move(pages);
  }

  // The calls in order: `merge 1: 7 <- 8 9`, `erase 1: 7`, `erase community 1`.
  std::vector<std::string> calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }

  absl::StatusOr<std::vector<ChangedPage>> Merge(int64_t community, int64_t winner,
                                                 const std::vector<int64_t>& losers, absl::Time,
                                                 absl::Time) override {
    return Record(
        absl::StrCat("merge ", community, ": ", winner, " <- ", absl::StrJoin(losers, " ")));
  }

  absl::StatusOr<std::vector<ChangedPage>> Erase(int64_t community,
                                                 const std::vector<int64_t>& contacts, absl::Time,
                                                 absl::Time) override {
    return Record(absl::StrCat("erase ", community, ": ", absl::StrJoin(contacts, " ")));
  }

  absl::StatusOr<std::vector<ChangedPage>> EraseCommunity(int64_t community, absl::Time) override {
    return Record(absl::StrCat("erase community ", community));
  }

 private:
  std::vector<ChangedPage> Record(std::string call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(std::move(call));
    return pages_;
  }

  mutable absl::Mutex mutex_;
  std::vector<ChangedPage> pages_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKE_MEMBER_LEDGER_H_
