// What the ingest service needs of its storage in order to serve the event log.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_EVENT_LOG_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_EVENT_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crier::ingest {

struct LogHead {
  int32_t log_partition = 0;
  int64_t position = 0;
  // Of the event at the position; nothing when there was none yet. Never falls.
  std::optional<absl::Time> accept_time = std::nullopt;

  friend bool operator==(const LogHead& a, const LogHead& b) {
    return a.log_partition == b.log_partition && a.position == b.position &&
           a.accept_time == b.accept_time;
  }
};

// What one read may return at most. A single event that exceeds `max_bytes` comes alone.
struct ReadLimits {
  int64_t max_events = 500;
  int64_t max_bytes = 2 * 1024 * 1024;
};

struct LogRead {
  // Each the bytes of an entity::v1::Event. Consecutive, from the position after the one asked for;
  // empty when that is the head.
  std::vector<std::string> events;
  // The head when the read began; at least the position of the last event.
  int64_t head = 0;
};

// Thread-safe. Only what is committed shows. UNAVAILABLE when the database is away.
class EventLog {
 public:
  virtual ~EventLog() = default;

  // Events after a position. INVALID_ARGUMENT when there is no such log partition; OUT_OF_RANGE
  // when `after_position` lies beyond the head, or when what follows it is no longer kept.
  virtual absl::StatusOr<LogRead> Read(int32_t log_partition, int64_t after_position,
                                       const ReadLimits& limits, absl::Time deadline) = 0;

  // All heads, ordered by log partition; there is one for every partition from 0, and never none.
  virtual absl::StatusOr<std::vector<LogHead>> Heads(absl::Time deadline) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_EVENT_LOG_H_
