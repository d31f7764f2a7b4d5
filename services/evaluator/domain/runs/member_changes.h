// Merges and deletions of members, as the event log tells of them.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_CHANGES_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_CHANGES_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/evaluator/domain/matching/matcher.h"
#include "services/evaluator/domain/peers/delivery_sink.h"
#include "services/evaluator/domain/peers/event_source.h"
#include "services/evaluator/domain/runs/member_ledger.h"

namespace crier::evaluator {

// Brings the ledgers into step with the events of a frame, before the frame's position is handed
// over: after a crash the frame comes again, and so does this. Thread-safe.
class MemberChanges {
 public:
  // Both must outlive the object.
  MemberChanges(MemberLedger& ledger, DeliverySink& deliveries)
      : ledger_(ledger), deliveries_(deliveries) {}

  // Applies merges and deletions. Returns what is to be erased by the delivery service, to be
  // handed over together with the frame's position. When this returns, no page that was decided on
  // before can bring an erased contact there any more.
  //
  // `deadline()` is asked for each event, so that a frame of a thousand deletions, which would
  // begin anew after a failure, needs no more luck than one of a few.
  absl::StatusOr<Erasures> Apply(const Frame& frame, absl::Time now,
                                 absl::FunctionRef<absl::Time()> deadline);

 private:
  absl::Status Merge(const entity::v1::Event& event, absl::Time now, absl::Time deadline);
  absl::Status Erase(const entity::v1::Event& event, absl::Time now, absl::Time deadline);
  absl::Status EraseCommunity(const entity::v1::Event& event, absl::Time deadline);
  // Hands over what is more than one call takes, and leaves the rest.
  absl::Status HandOverExcess(const Frame& frame, Erasures& erasures, absl::Time deadline);
  // Moves the producers past the pages as they were.
  absl::Status Void(const std::vector<ChangedPage>& pages, absl::Time deadline);

  MemberLedger& ledger_;
  DeliverySink& deliveries_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_MEMBER_CHANGES_H_
