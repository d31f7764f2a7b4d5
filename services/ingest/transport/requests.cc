#include "services/ingest/transport/requests.h"

#include <cstdint>
#include <string>
#include <vector>

#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/ingest/domain/limits.h"
#include "services/ingest/domain/normalize.h"
#include "services/ingest/domain/validation.h"

namespace crier::ingest {
namespace {

// 0, with a violation, when the name is malformed.
int64_t ParseParent(const std::string& parent, FieldViolations& violations) {
  const absl::StatusOr<int64_t> community = api::ParseCommunity("parent", parent);
  if (community.ok()) return *community;
  violations.Add("parent", "must have the form communities/{community} with a positive id");
  return 0;
}

}  // namespace

absl::StatusOr<Record> ToRecord(const v1::UpsertContactRequest& request) {
  FieldViolations violations;
  const int64_t community = ParseParent(request.parent(), violations);
  if (request.has_contact()) {
    CheckContact("contact", request.contact(), violations);
  } else {
    violations.Add("contact", "must be set");
  }
  CheckSightings("sightings", request.sightings(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  return Record{community, Normalize(request.contact(),
                                     {request.sightings().begin(), request.sightings().end()})};
}

absl::StatusOr<Record> ToRecord(const v1::UpsertOrganizationRequest& request) {
  FieldViolations violations;
  const int64_t community = ParseParent(request.parent(), violations);
  if (request.has_organization()) {
    CheckOrganization("organization", request.organization(), violations);
  } else {
    violations.Add("organization", "must be set");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return Record{community, Normalize(request.organization())};
}

absl::StatusOr<Record> ToRecord(const v1::RecordActivityRequest& request) {
  FieldViolations violations;
  const int64_t community = ParseParent(request.parent(), violations);
  if (request.has_activity()) {
    CheckActivity("activity", request.activity(), violations);
  } else {
    violations.Add("activity", "must be set");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return Record{community, Normalize(request.activity())};
}

absl::StatusOr<Record> ToRecord(const v1::BatchIngestItem& item) {
  switch (item.record_case()) {
    case v1::BatchIngestItem::kContact:
      return ToRecord(item.contact());
    case v1::BatchIngestItem::kOrganization:
      return ToRecord(item.organization());
    case v1::BatchIngestItem::kActivity:
      return ToRecord(item.activity());
    case v1::BatchIngestItem::RECORD_NOT_SET:
      break;
  }
  return InvalidField("record", "must be a contact, an organization or an activity");
}

absl::Status CheckBatch(const v1::BatchIngestRequest& request) {
  if (request.items().empty()) return InvalidField("items", "must not be empty");
  if (request.items_size() > kMaxBatchItems) {
    return InvalidField("items", "must not hold more than 1,000 elements; send several batches");
  }
  return absl::OkStatus();
}

v1::IngestResult ToProto(const Ingested& ingested) {
  v1::IngestResult result;
  result.set_name(ingested.name);
  switch (ingested.outcome) {
    case Ingested::Outcome::kCreated:
      result.set_outcome(v1::IngestResult::CREATED);
      break;
    case Ingested::Outcome::kUpdated:
      result.set_outcome(v1::IngestResult::UPDATED);
      break;
    case Ingested::Outcome::kUnchanged:
      result.set_outcome(v1::IngestResult::UNCHANGED);
      break;
  }
  return result;
}

}  // namespace crier::ingest
