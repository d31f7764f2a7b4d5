// Which members of a page are sent. Pure functions.
//
// The ledger of a workflow holds the members that it has sent, or is about to send: its pending
// page. A member is written into the ledger in the transaction that decides on it, before it is
// handed over, and is never decided on again.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_PAGE_DECISION_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_PAGE_DECISION_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace crier::evaluator {

// A contact that meets the criteria, and those that were merged into it, as of one moment.
struct Candidate {
  int64_t contact = 0;
  std::vector<int64_t> merged;
};

using ContactSet = absl::flat_hash_set<int64_t>;

struct PageDecision {
  // To be written into the ledger and sent, in the order of ids.
  std::vector<int64_t> send;
  // To be written into the ledger only: sent before, as one of those merged into them.
  std::vector<int64_t> carried;
  int64_t matched = 0;
  int64_t skipped = 0;
  // Candidates up to this contact are decided on.
  int64_t cursor = 0;
  // There was a member to send beyond the allowance; it and what follows are not decided on.
  bool cut = false;
};

// Decides on candidates, which are in the order of their ids, above `cursor`. `sent` are those of
// them, and of the contacts merged into them, that are in the ledger. `gone` are those that were
// merged into another contact or deleted since they were read: the contact that they are part of
// now has changed since, and so is for a later run. At most `allowance` may be sent.
PageDecision DecidePage(const std::vector<Candidate>& candidates, int64_t cursor,
                        const ContactSet& sent, const ContactSet& gone, int64_t allowance);

// What a merge makes of a pending page, which is decided on but perhaps not handed over. `before`
// are those of the winner and losers that are in the ledger and not in the page, hence sent. The
// merged person stays in the page, as the winner, if some part of it was there and none was sent.
std::vector<int64_t> MergeIntoPage(const std::vector<int64_t>& page, int64_t winner,
                                   const std::vector<int64_t>& losers, const ContactSet& before);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_RUNS_PAGE_DECISION_H_
