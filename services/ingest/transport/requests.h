// From requests to records, and from results to responses.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_REQUESTS_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_REQUESTS_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crier/ingest/v1/entity_service.pb.h"
#include "crier/ingest/v1/ingest_service.pb.h"
#include "services/ingest/domain/records/record.h"

namespace crier::ingest::transport {

// The record of a request, checked and in normal form; it keeps parts of the request.
// INVALID_ARGUMENT names everything that is wrong, by paths within the request.
absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::UpsertContactRequest> request);
absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::UpsertOrganizationRequest> request);
absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::RecordActivityRequest> request);
absl::StatusOr<Record> ToRecord(const v1::MergeContactsRequest& request);

// As above for the one that the item holds; INVALID_ARGUMENT on `record` when it holds none.
absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::BatchIngestItem> item);

// What only concerns a batch or frame as a whole: the number of its items.
absl::Status CheckItemCount(int count);

v1::IngestResult ToProto(const Ingested& ingested);
v1::BatchIngestItemResult ToItemResult(const absl::StatusOr<Ingested>& result);

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_REQUESTS_H_
