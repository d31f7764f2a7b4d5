// How replicas tell each other of new events: NOTIFY at the commit of every batch.
#ifndef CRIER_SERVICES_INGEST_STORAGE_LOG_CHANNEL_H_
#define CRIER_SERVICES_INGEST_STORAGE_LOG_CHANNEL_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/ingest/domain/log/event_log.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest::storage {

// The channel of a schema.
std::string LogChannel(absl::string_view schema);

// The payload for heads that have moved: `<log partition>:<position>`, separated by commas.
std::string EncodeHeads(const std::map<int32_t, Head>& heads);

// The reverse; what cannot be read is left out.
std::vector<LogHead> DecodeHeads(absl::string_view payload);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_LOG_CHANNEL_H_
