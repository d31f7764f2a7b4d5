// What is kept of an event until it is delivered.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_EVENT_SNAPSHOT_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_EVENT_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "crier/entity/v1/event.pb.h"

namespace crier::delivery {

// An event as its bytes, which are what is stored and take a quarter of the message's memory, and
// what is asked of it before they are read again.
struct EventSnapshot {
  std::shared_ptr<const std::string> bytes;  // crier.entity.v1.Event
  entity::v1::Event::Kind kind = entity::v1::Event::KIND_UNSPECIFIED;
  absl::Time accept_time;
  std::optional<int64_t> contact;  // whose data it holds; nothing for organizations
};

EventSnapshot TakeSnapshot(const entity::v1::Event& event);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_EVENT_SNAPSHOT_H_
