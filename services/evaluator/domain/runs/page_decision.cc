#include "services/evaluator/domain/runs/page_decision.h"

#include <algorithm>

namespace crier::evaluator {

PageDecision DecidePage(const std::vector<Candidate>& candidates, int64_t cursor,
                        const ContactSet& sent, const ContactSet& gone, int64_t allowance) {
  PageDecision decision;
  decision.cursor = cursor;
  for (const Candidate& candidate : candidates) {
    const bool known = sent.contains(candidate.contact);
    const bool carried =
        !known && std::any_of(candidate.merged.begin(), candidate.merged.end(),
                              [&](int64_t merged) { return sent.contains(merged); });
    if (!gone.contains(candidate.contact)) {
      if (!known && !carried) {
        if (static_cast<int64_t>(decision.send.size()) >= allowance) {
          decision.cut = true;
          return decision;
        }
        decision.send.push_back(candidate.contact);
      } else {
        ++decision.skipped;
      }
      if (carried) decision.carried.push_back(candidate.contact);
      ++decision.matched;
    }
    decision.cursor = candidate.contact;
  }
  return decision;
}

std::vector<int64_t> MergeIntoPage(const std::vector<int64_t>& page, int64_t winner,
                                   const std::vector<int64_t>& losers, const ContactSet& before) {
  const auto is_part = [&](int64_t contact) {
    return contact == winner || std::find(losers.begin(), losers.end(), contact) != losers.end();
  };
  std::vector<int64_t> rest;
  std::copy_if(page.begin(), page.end(), std::back_inserter(rest),
               [&](int64_t contact) { return !is_part(contact); });
  const bool was_there = rest.size() != page.size();
  if (was_there && before.empty()) {
    rest.insert(std::lower_bound(rest.begin(), rest.end(), winner), winner);
  }
  return rest;
}

}  // namespace crier::evaluator
