// The documented JSON of the three payloads.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_PAYLOAD_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_PAYLOAD_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// The workflow that fired.
struct WorkflowRef {
  int64_t id = 0;
  std::string display_name;
};

// Where the pages of activities live, unless the operator says otherwise.
inline constexpr char kDefaultAppBaseUrl[] = "https://app.commonroom.io";

// The body of a delivery: the event's entity as compact JSON in the webhook's payload version,
// enveloped if the webhook wants it. Depends on nothing but its arguments, so a retry has the same
// bytes. `app_base_url` is the scheme and host before `/community/…`, without a slash at the end.
// INVALID_ARGUMENT when the event has no entity, or one without a resource name that an envelope
// needs.
absl::StatusOr<std::string> RenderPayload(const entity::v1::Event& event,
                                          const WorkflowRef& workflow, const Webhook& webhook,
                                          absl::string_view app_base_url);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_PAYLOAD_H_
