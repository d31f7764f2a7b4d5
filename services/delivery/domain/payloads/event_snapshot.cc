#include "services/delivery/domain/payloads/event_snapshot.h"

#include "absl/status/statusor.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"

namespace crier::delivery {
namespace {

std::optional<int64_t> ContactOf(const entity::v1::Event& event) {
  if (!event.has_contact() && !event.has_activity()) return std::nullopt;
  const std::string& name =
      event.has_contact() ? event.contact().name() : event.activity().contact().name();
  const absl::StatusOr<api::ResourceId> id = api::ParseResource("name", api::kContacts, name);
  return id.ok() ? std::make_optional(id->id) : std::nullopt;
}

}  // namespace

EventSnapshot TakeSnapshot(const entity::v1::Event& event) {
  EventSnapshot snapshot;
  snapshot.bytes = std::make_shared<const std::string>(event.SerializeAsString());
  snapshot.kind = event.kind();
  snapshot.accept_time = api::FromProto(event.accept_time());
  snapshot.contact = ContactOf(event);
  return snapshot;
}

}  // namespace crier::delivery
