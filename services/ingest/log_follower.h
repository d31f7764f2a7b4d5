// Tells the readers at this replica what other replicas have committed.
#ifndef CRIER_SERVICES_INGEST_LOG_FOLLOWER_H_
#define CRIER_SERVICES_INGEST_LOG_FOLLOWER_H_

#include "common/base/periodic_task.h"
#include "common/pg/listener.h"
#include "common/pg/pool.h"
#include "services/ingest/domain/log/event_log.h"
#include "services/ingest/domain/log/log_tail.h"

namespace crier::ingest {

// Advances a tail by the notifications of every commit. Whatever notification may be lost on the
// way, a look at the heads every few seconds finds; one look serves all readers. When the database
// is away, readers are told to give up. Thread-safe; the parts must outlive it.
class LogFollower {
 public:
  LogFollower(const pg::Database& database, EventLog& log, LogTail& tail);

 private:
  absl::Duration LookAtHeads();

  EventLog& log_;
  LogTail& tail_;
  PeriodicTask look_;
  pg::Listener listener_;  // last: its thread uses the above
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_LOG_FOLLOWER_H_
