// Lets producers share commits.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_ENQUEUE_BATCHER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_ENQUEUE_BATCHER_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/batch/batcher.h"
#include "services/delivery/domain/intake/enqueuer.h"

namespace crier::delivery {

// Thread-safe. Every producer waits for its call before it makes the next one, and its calls are
// small when it is not behind; so what many of them send at a time goes into one commit.
class EnqueueBatcher {
 public:
  using Done = std::function<void(absl::StatusOr<EnqueueResult>)>;

  // `enqueuer` must outlive the batcher.
  explicit EnqueueBatcher(Enqueuer& enqueuer);

  // Takes a request, and calls `done` exactly once, from another thread, with what
  // Enqueuer::Enqueue says of it; DEADLINE_EXCEEDED when its turn came too late, and then it was
  // not begun. Does not block. RESOURCE_EXHAUSTED, without calling `done`, when too many are
  // waiting.
  absl::Status Submit(EnqueueRequest request, absl::Time deadline, Done done);

 private:
  struct Item {
    EnqueueRequest request;
    absl::Time deadline;
  };
  using Results = std::vector<absl::StatusOr<EnqueueResult>>;

  Results Work(std::vector<Item> items);
  // Enqueues those of the items at `places` whose producer is not among those before them, and
  // returns the places of the others.
  std::vector<size_t> EnqueueFirsts(std::vector<Item>& items, const std::vector<size_t>& places,
                                    Results& results);

  Enqueuer& enqueuer_;
  batch::Batcher<Item, EnqueueResult> batcher_;  // last: its threads use the rest
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_INTAKE_ENQUEUE_BATCHER_H_
