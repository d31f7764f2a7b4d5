// The end of the event log, in memory.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_RECENT_EVENTS_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_RECENT_EVENTS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/ingest/domain/log/event_log.h"
#include "services/ingest/domain/log/logged_event.h"

namespace crier::ingest {

// What this replica has just committed, for readers that are close behind: they get it without a
// look at the store. Only a run of positions without a gap is held for each log partition, so when
// another replica has committed in between, readers turn to the store until they are past that.
//
// An erasure rewrites the stored events. The replica that carries it out forgets what it holds
// (TailedEraser), the others as soon as they hear of its commit (TailedEventLog) and at the latest
// after a moment, since nothing is handed out that is older.
//
// Thread-safe.
class RecentEvents {
 public:
  static constexpr absl::Duration kMaxAge = absl::Seconds(1);
  static constexpr size_t kMaxBytesOfPartition = 2 * 1024 * 1024;

  explicit RecentEvents(const Clock& clock) : clock_(clock) {}

  // Events that are durable, as a commit has left them: in the order of their positions in each log
  // partition, without a gap.
  void Add(std::vector<LoggedEvent> events);

  // Forgets all.
  void Clear();

  // As EventLog::Read(); nothing when the store has to be asked.
  std::optional<LogRead> Read(int32_t log_partition, int64_t after_position,
                              const ReadLimits& limits);

 private:
  struct Entry {
    std::string bytes;
    absl::Duration added;  // on the monotonic clock
  };

  struct Partition {
    int64_t last_position = 0;
    std::deque<Entry> entries;  // up to `last_position`
    size_t bytes = 0;

    void DropFirst();
  };

  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<int32_t, Partition> partitions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_RECENT_EVENTS_H_
