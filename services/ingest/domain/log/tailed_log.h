// The event log and the eraser as a replica uses them: with what it has just committed in memory.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_LOG_TAILED_LOG_H_
#define CRIER_SERVICES_INGEST_DOMAIN_LOG_TAILED_LOG_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/ingest/domain/eraser.h"
#include "services/ingest/domain/log/event_log.h"
#include "services/ingest/domain/log/log_tail.h"
#include "services/ingest/domain/log/recent_events.h"

namespace crier::ingest {

// A log whose end is read from memory, unless others are known to have committed since.
// Thread-safe. The parts must outlive it.
class TailedEventLog : public EventLog {
 public:
  TailedEventLog(EventLog& stored, RecentEvents& recent, const LogTail& tail)
      : stored_(stored), recent_(recent), tail_(tail) {}

  absl::StatusOr<LogRead> Read(int32_t log_partition, int64_t after_position,
                               const ReadLimits& limits, absl::Time deadline) override;
  absl::StatusOr<std::vector<LogHead>> Heads(absl::Time deadline) override;

 private:
  EventLog& stored_;
  RecentEvents& recent_;
  const LogTail& tail_;
};

// Erases from the store and from memory. Thread-safe. The parts must outlive it.
class TailedEraser : public Eraser {
 public:
  TailedEraser(Eraser& stored, RecentEvents& recent) : stored_(stored), recent_(recent) {}

  absl::Status EraseContact(int64_t community, int64_t id, absl::Time now,
                            absl::Time deadline) override;
  absl::StatusOr<CommunityDeletion> BeginDeletion(int64_t community, absl::Time now,
                                                  absl::Time deadline) override;
  absl::StatusOr<CommunityDeletion> GetDeletion(int64_t community, absl::Time deadline) override;
  absl::StatusOr<bool> ContinueDeletions(absl::Time now, absl::Time deadline) override;

 private:
  Eraser& stored_;
  RecentEvents& recent_;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_LOG_TAILED_LOG_H_
