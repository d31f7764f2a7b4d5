#include "services/delivery/domain/repair/payload_reader.h"

#include <optional>

#include "common/status/macros.h"
#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/payloads/payload.h"

namespace crier::delivery {

absl::StatusOr<std::string> PayloadReader::Read(const DeliveryId& id, absl::Time deadline) const {
  ASSIGN_OR_RETURN(const auto contents, contents_.LoadContents({id}, deadline));
  const std::optional<DeliveryContent>& content = contents.front();
  if (!content) return std::string();
  if (content->is_notice) return *content->snapshot;
  const absl::StatusOr<Webhook> webhook = webhooks_.Get(id.webhook, deadline);
  if (absl::IsNotFound(webhook.status())) return std::string();
  RETURN_IF_ERROR(webhook.status());
  entity::v1::Event event;
  if (!event.ParseFromString(*content->snapshot)) return std::string();
  return RenderPayload(event, content->workflow, *webhook, app_base_url_);
}

}  // namespace crier::delivery
