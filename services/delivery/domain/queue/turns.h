// Whose turn it is, of the webhooks that have something to send.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_TURNS_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_TURNS_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// Deficit round robin at two levels: communities take turns, and in each of them its webhooks. An
// attempt costs 1 or more; who has had one that cost more lets as many turns pass as it cost more
// than 1. So each community gets the same, however many webhooks it has, and so does each webhook
// in it, however long its attempts take.
//
// Not thread-safe.
class Turns {
 public:
  struct Turn {
    WebhookId webhook;
    uint64_t ticket;
  };

  // Joins the end of the round, for one attempt. The ticket comes back with the turn, so that who
  // does not want it any more can tell.
  void Add(const WebhookId& webhook, int cost, uint64_t ticket);
  // Takes out whose turn it is; nothing when there is nobody.
  std::optional<Turn> Next();

  bool empty() const { return size_ == 0; }

 private:
  struct Place {
    int64_t webhook;
    uint64_t ticket;
    int cost;
    int debt;  // turns to let pass
  };
  struct Community {
    std::deque<Place> round;
    int debt = 0;
  };

  std::deque<int64_t> round_;  // communities
  absl::flat_hash_map<int64_t, Community> communities_;
  size_t size_ = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_QUEUE_TURNS_H_
