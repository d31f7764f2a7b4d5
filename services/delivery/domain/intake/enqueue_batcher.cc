#include "services/delivery/domain/intake/enqueue_batcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/time/clock.h"
#include "services/delivery/domain/errors.h"

namespace crier::delivery {
namespace {

batch::BatcherOptions Options() {
  batch::BatcherOptions options;
  options.max_items = 64;
  options.max_queued_items = 1000;
  // While one commits, the next ones are taken together.
  options.workers = 2;
  return options;
}

size_t SizeOf(const EnqueueRequest& request) {
  size_t bytes = sizeof(EnqueueRequest);
  for (const EnqueueRequest::Message& message : request.messages) {
    bytes += sizeof(message) + message.event.bytes->size() +
             message.targets.size() * sizeof(EnqueueRequest::Target);
  }
  return bytes;
}

}  // namespace

EnqueueBatcher::EnqueueBatcher(Enqueuer& enqueuer)
    : enqueuer_(enqueuer),
      batcher_(Options(), [this](std::vector<Item> items) { return Work(std::move(items)); }) {}

absl::Status EnqueueBatcher::Submit(EnqueueRequest request, absl::Time deadline, Done done) {
  const size_t bytes = SizeOf(request);
  return batcher_.Submit({std::move(request), deadline}, bytes, std::move(done));
}

EnqueueBatcher::Results EnqueueBatcher::Work(std::vector<Item> items) {
  Results results(items.size(), ExpiredInQueueError());
  const absl::Time now = absl::Now();
  std::vector<size_t> places;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].deadline > now) places.push_back(i);
  }
  while (!places.empty()) places = EnqueueFirsts(items, places, results);
  return results;
}

// They may take as long as the most patient of their callers waits.
std::vector<size_t> EnqueueBatcher::EnqueueFirsts(std::vector<Item>& items,
                                                  const std::vector<size_t>& places,
                                                  Results& results) {
  absl::flat_hash_set<std::string> producers;
  std::vector<size_t> taken, left;
  std::vector<EnqueueRequest> requests;
  absl::Time deadline = absl::InfinitePast();
  for (const size_t place : places) {
    Item& item = items[place];
    if (!producers.insert(item.request.producer).second) {
      left.push_back(place);
      continue;
    }
    taken.push_back(place);
    requests.push_back(std::move(item.request));
    deadline = std::max(deadline, item.deadline);
  }
  Results enqueued = enqueuer_.Enqueue(std::move(requests), deadline);
  for (size_t i = 0; i < taken.size(); ++i) results[taken[i]] = std::move(enqueued[i]);
  return left;
}

}  // namespace crier::delivery
