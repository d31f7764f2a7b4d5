// Who follows the event log, and how far each has come.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_READERS_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_READERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/ingest/domain/log/event_log.h"

namespace crier::ingest {

// There are as many as there are services that follow the log: few. More are a mistake of somebody
// who registers a name for each process, and would keep the log for ever.
inline constexpr int kMaxLogReaders = 16;

struct LogReader {
  std::string id;
  absl::Time create_time;
  absl::Time confirm_time;         // of the last confirmation; the creation's before that
  std::vector<LogHead> positions;  // confirmed; one for each log partition, in order
};

// How far behind a reader is.
struct ReaderLag {
  std::string id;
  int64_t unconfirmed_events = 0;
  std::optional<absl::Time> oldest_accept_time;  // of the events that it has not confirmed
};

// Events that a registered reader has not confirmed are kept, whatever their age. Thread-safe.
// UNAVAILABLE when the database is away.
class LogReaders {
 public:
  virtual ~LogReaders() = default;

  // Registers a reader, at the heads or where the log begins, or returns the one that is registered
  // already, as it stands. FAILED_PRECONDITION when there are too many.
  virtual absl::StatusOr<LogReader> Register(const std::string& id, bool from_beginning,
                                             absl::Time now, absl::Time deadline) = 0;

  // Moves confirmed positions; none moves back. NOT_FOUND when the reader is not registered,
  // OUT_OF_RANGE when a position lies beyond its head, INVALID_ARGUMENT when a log partition does
  // not exist; nothing moves then.
  virtual absl::Status Confirm(const std::string& id, const std::vector<LogHead>& positions,
                               absl::Time now, absl::Time deadline) = 0;

  // All readers, by id.
  virtual absl::StatusOr<std::vector<LogReader>> List(absl::Time deadline) = 0;

  // Forgets a reader: retention waits for it no longer. NOT_FOUND when it is not registered.
  virtual absl::Status Remove(const std::string& id, absl::Time deadline) = 0;

  // Of all readers, by id.
  virtual absl::StatusOr<std::vector<ReaderLag>> Lags(absl::Time deadline) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_LOG_READERS_H_
