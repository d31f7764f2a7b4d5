#include "services/delivery/domain/dispatch/claim_reader.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/status/macros.h"
#include "services/delivery/domain/queue/shard.h"

namespace crier::delivery {
namespace {

constexpr absl::Duration kLoadTimeout = absl::Seconds(5);

}  // namespace

absl::StatusOr<std::vector<ClaimReading>> ClaimReader::Read(std::vector<Claim>& claims) {
  std::vector<ClaimReading> readings(claims.size());
  RETURN_IF_ERROR(LoadContents(claims));
  RETURN_IF_ERROR(LoadWebhooks(claims, readings));
  RETURN_IF_ERROR(FindCancelled(claims, readings));
  return readings;
}

absl::Status ClaimReader::LoadContents(std::vector<Claim>& claims) {
  std::vector<DeliveryId> ids;
  std::vector<QueuedDelivery*> missing;
  for (Claim& claim : claims) {
    if (claim.delivery.content) continue;
    ids.push_back(claim.delivery.id);
    missing.push_back(&claim.delivery);
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::optional<DeliveryContent>> contents,
                   queue_.LoadContents(ids, clock_.Now() + kLoadTimeout));
  for (size_t i = 0; i < missing.size(); ++i) missing[i]->content = std::move(contents[i]);
  return absl::OkStatus();
}

absl::Status ClaimReader::LoadWebhooks(const std::vector<Claim>& claims,
                                       std::vector<ClaimReading>& readings) {
  std::vector<WebhookId> ids;
  absl::flat_hash_map<WebhookId, size_t, WebhookIdHash> places;
  for (const Claim& claim : claims) {
    const WebhookId& id = claim.delivery.id.webhook;
    if (places.emplace(id, ids.size()).second) ids.push_back(id);
  }
  ASSIGN_OR_RETURN(const std::vector<std::shared_ptr<const Webhook>> found,
                   webhooks_.GetMany(ids, clock_.Now() + kLoadTimeout));
  for (size_t i = 0; i < claims.size(); ++i) {
    readings[i].webhook = found[places.at(claims[i].delivery.id.webhook)];
  }
  return absl::OkStatus();
}

absl::Status ClaimReader::FindCancelled(const std::vector<Claim>& claims,
                                        std::vector<ClaimReading>& readings) {
  std::vector<DeliveryId> ids;
  std::vector<ClaimReading*> doubtful;
  for (size_t i = 0; i < claims.size(); ++i) {
    const DeliveryId& id = claims[i].delivery.id;
    const Webhook* const webhook = readings[i].webhook.get();
    if (webhook == nullptr || webhook->cancelled_through < id.message) continue;
    ids.push_back(id);
    doubtful.push_back(&readings[i]);
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<bool> queued,
                   queue_.FindQueued(ids, clock_.Now() + kLoadTimeout));
  for (size_t i = 0; i < doubtful.size(); ++i) doubtful[i]->cancelled = !queued[i];
  return absl::OkStatus();
}

}  // namespace crier::delivery
