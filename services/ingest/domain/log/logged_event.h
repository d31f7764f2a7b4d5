// An event on its way into the log.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_LOGGED_EVENT_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_LOGGED_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "crier/entity/v1/event.pb.h"

namespace crier::ingest {

// An event, ready to be stored.
struct LoggedEvent {
  int32_t log_partition = 0;
  int64_t position = 0;
  absl::Time accept_time;
  int64_t community = 0;
  entity::v1::Event::Kind kind = entity::v1::Event::KIND_UNSPECIFIED;
  // The contact that it tells of, 0 for an organization; nothing when there is nothing to erase.
  std::optional<int64_t> subject;
  std::optional<int64_t> activity;  // that it tells of
  std::string bytes;                // of the entity::v1::Event
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_LOGGED_EVENT_H_
