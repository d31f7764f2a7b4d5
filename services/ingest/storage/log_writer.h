// How events get into the log.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LOG_WRITER_H_
#define CRIER_SERVICES_INGEST_STORAGE_LOG_WRITER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/pg/transaction.h"
#include "services/ingest/domain/log/logged_event.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest::storage {

// Parameters of a statement that appends the events and moves the heads, which are locked, to what
// they are now (kLogParts); at the commit, `channel` tells every replica.
absl::StatusOr<pg::Params> LogParams(pg::Transaction& transaction,
                                     const std::vector<LoggedEvent>& events,
                                     const std::map<int32_t, Head>& heads,
                                     const std::string& channel);

// Does that, and nothing else.
absl::Status WriteLog(pg::Transaction& transaction, const std::vector<LoggedEvent>& events,
                      const std::map<int32_t, Head>& heads, const std::string& channel);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LOG_WRITER_H_
