// From a JSON record to an item of a batch.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_RECORD_PARSER_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_RECORD_PARSER_H_

#include <string>

#include "absl/status/statusor.h"
#include "crier/ingest/v1/ingest_service.pb.h"

namespace crier::crierctl {

enum class RecordKind { kContact, kOrganization, kActivity };

// Parses the protobuf JSON form of the kind's request (`{"contact": {…}, "sightings": […]}`).
// `parent` is filled in where the record has none. INVALID_ARGUMENT that names the place and, for
// an unknown field, the shape of a record.
absl::StatusOr<ingest::v1::BatchIngestItem> ParseRecord(RecordKind kind, const std::string& parent,
                                                        const std::string& json);

// What a record of the kind looks like, in one line.
const char* RecordShape(RecordKind kind);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_RECORD_PARSER_H_
