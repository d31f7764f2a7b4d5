#include "services/delivery/domain/queue/queue_loader.h"

#include <utility>
#include <vector>

#include "common/log/log.h"

namespace crier::delivery {
namespace {

constexpr absl::Duration kLoadTimeout = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(1);

}  // namespace

void QueueLoader::Start() {
  thread_ = std::thread([this] {
    while (scheduler_.WaitForLoads(kIdle)) LoadOnce();
  });
}

void QueueLoader::Stop() {
  if (thread_.joinable()) thread_.join();
}

void QueueLoader::LoadOnce() {
  const ShardScheduler::Loads loads = scheduler_.TakeLoads();
  // What is known to be due comes before the search for what may be.
  if (!loads.fetches.empty()) Fetch(loads);
  for (const lease::Lease& lease : loads.searches) Search(lease, loads);
}

void QueueLoader::Search(const lease::Lease& lease, const ShardScheduler::Loads& loads) {
  const absl::StatusOr<std::vector<StoredWebhook>> found = store_.FindWebhooks(
      lease.slot, loads.search_before, loads.search_limit, clock_.Now() + kLoadTimeout);
  if (found.ok()) {
    scheduler_.Searched(lease, *found);
    return;
  }
  log::Warning("cannot search a shard for due deliveries; will try again",
               {{"shard", lease.slot}, {"status", found.status()}});
  scheduler_.SearchFailed(lease);
}

void QueueLoader::Fetch(const ShardScheduler::Loads& loads) {
  std::vector<WebhookId> webhooks;
  for (const ShardScheduler::Fetch& fetch : loads.fetches) webhooks.push_back(fetch.webhook);
  absl::StatusOr<std::vector<std::vector<QueuedDelivery>>> rows = store_.LoadQueue(
      webhooks, loads.fetch_before, loads.fetch_limit, clock_.Now() + kLoadTimeout);
  if (!rows.ok()) {
    log::Warning("cannot load due deliveries; will try again", {{"status", rows.status()}});
    for (const ShardScheduler::Fetch& fetch : loads.fetches) scheduler_.FetchFailed(fetch);
    return;
  }
  for (size_t i = 0; i < loads.fetches.size(); ++i) {
    scheduler_.Fetched(loads.fetches[i], std::move((*rows)[i]), loads.fetch_before,
                       loads.fetch_limit);
  }
}

}  // namespace crier::delivery
