#include "services/delivery/domain/queue/turns.h"

namespace crier::delivery {
namespace {

template <typename T>
void Rotate(std::deque<T>& round) {
  round.push_back(round.front());
  round.pop_front();
}

}  // namespace

void Turns::Add(const WebhookId& webhook, int cost, uint64_t ticket) {
  Community& community = communities_[webhook.community];
  if (community.round.empty()) {
    round_.push_back(webhook.community);
    community.debt = cost - 1;
  }
  community.round.push_back({webhook.id, ticket, cost, cost - 1});
  ++size_;
}

std::optional<Turns::Turn> Turns::Next() {
  if (empty()) return std::nullopt;
  for (;; Rotate(round_)) {
    Community& community = communities_.at(round_.front());
    if (community.debt == 0) break;
    --community.debt;
  }
  const int64_t id = round_.front();
  Community& community = communities_.at(id);
  for (; community.round.front().debt > 0; Rotate(community.round)) {
    --community.round.front().debt;
  }
  const Place place = community.round.front();
  community.round.pop_front();
  community.debt = place.cost - 1;
  --size_;
  round_.pop_front();
  if (community.round.empty()) {
    communities_.erase(id);
  } else {
    round_.push_back(id);
  }
  return Turn{{id, place.webhook}, place.ticket};
}

}  // namespace crier::delivery
