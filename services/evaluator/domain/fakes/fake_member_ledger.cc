#include "services/evaluator/domain/fakes/fake_member_ledger.h"

#include <algorithm>

namespace crier::evaluator {
namespace {

bool HasOneOf(const std::vector<int64_t>& page, const std::vector<int64_t>& contacts) {
  return std::find_first_of(page.begin(), page.end(), contacts.begin(), contacts.end()) !=
         page.end();
}

}  // namespace

PageDecision FakeMemberLedger::Decide(const WorkflowId& id,
                                      const std::vector<Candidate>& candidates) {
  absl::MutexLock lock(&mutex_);
  Community& community = communities_[id.community];
  Ledger& ledger = community.ledgers[id.id];
  PageDecision decision = DecidePage(candidates, 0, ledger.sent, community.gone,
                                     static_cast<int64_t>(candidates.size()));
  ledger.sent.insert(decision.send.begin(), decision.send.end());
  ledger.sent.insert(decision.carried.begin(), decision.carried.end());
  if (!decision.send.empty()) ledger.pending = decision.send;
  return decision;
}

void FakeMemberLedger::Settle(const WorkflowId& id, int64_t standing) {
  absl::MutexLock lock(&mutex_);
  Ledger& ledger = communities_[id.community].ledgers[id.id];
  if (standing == ledger.position + 1) ledger.pending.reset();
  ledger.position = standing;
  ledger.changed = false;
}

ContactSet FakeMemberLedger::Sent(const WorkflowId& id) {
  absl::MutexLock lock(&mutex_);
  return communities_[id.community].ledgers[id.id].sent;
}

std::optional<std::vector<int64_t>> FakeMemberLedger::PendingPage(const WorkflowId& id) {
  absl::MutexLock lock(&mutex_);
  return communities_[id.community].ledgers[id.id].pending;
}

absl::StatusOr<std::vector<ChangedPage>> FakeMemberLedger::Merge(int64_t community, int64_t winner,
                                                                 const std::vector<int64_t>& losers,
                                                                 absl::Time, absl::Time) {
  absl::MutexLock lock(&mutex_);
  Community& changing = communities_[community];
  changing.gone.insert(losers.begin(), losers.end());
  std::vector<int64_t> parts = losers;
  parts.push_back(winner);
  std::vector<ChangedPage> changed;
  for (auto& [workflow, ledger] : changing.ledgers) {
    ContactSet before;
    for (const int64_t part : parts) {
      if (ledger.sent.contains(part)) before.insert(part);
    }
    if (!before.empty()) ledger.sent.insert(winner);
    for (const int64_t loser : losers) ledger.sent.erase(loser);
    if (!ledger.pending) continue;
    for (const int64_t contact : *ledger.pending) before.erase(contact);
    if (HasOneOf(*ledger.pending, parts)) {
      ledger.pending = MergeIntoPage(*ledger.pending, winner, losers, before);
      ledger.changed = true;
    }
    if (ledger.changed) changed.push_back({{community, workflow}, ledger.position});
  }
  return changed;
}

absl::StatusOr<std::vector<ChangedPage>> FakeMemberLedger::Erase(
    int64_t community, const std::vector<int64_t>& contacts, absl::Time, absl::Time) {
  absl::MutexLock lock(&mutex_);
  Community& changing = communities_[community];
  changing.gone.insert(contacts.begin(), contacts.end());
  std::vector<ChangedPage> changed;
  for (auto& [workflow, ledger] : changing.ledgers) {
    for (const int64_t contact : contacts) ledger.sent.erase(contact);
    if (!ledger.pending) continue;
    const size_t erased = std::erase_if(*ledger.pending, [&](int64_t contact) {
      return std::find(contacts.begin(), contacts.end(), contact) != contacts.end();
    });
    ledger.changed = ledger.changed || erased > 0;
    if (ledger.changed) changed.push_back({{community, workflow}, ledger.position});
  }
  return changed;
}

absl::StatusOr<std::vector<ChangedPage>> FakeMemberLedger::EraseCommunity(int64_t community,
                                                                          absl::Time) {
  absl::MutexLock lock(&mutex_);
  Community& changing = communities_[community];
  changing.gone.clear();
  std::vector<ChangedPage> changed;
  for (auto& [workflow, ledger] : changing.ledgers) {
    ledger.sent.clear();
    if (!ledger.pending) continue;
    ledger.pending.emplace();
    ledger.changed = true;
    changed.push_back({{community, workflow}, ledger.position});
  }
  return changed;
}

}  // namespace crier::evaluator
