#include "services/ingest/transport/requests.h"

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/field_mask.h"
#include "common/api/resource_name.h"
#include "common/api/validation.h"
#include "common/crypto/crypto.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/entities/masked_update.h"
#include "services/ingest/domain/records/normalize.h"
#include "services/ingest/domain/records/validation.h"

namespace crier::ingest::transport {
namespace {

// A part that keeps the whole alive.
template <typename Whole, typename Part>
std::shared_ptr<Part> PartOf(const std::shared_ptr<Whole>& whole, Part* part) {
  return {whole, part};
}

// 0, with a violation, when the name is malformed.
int64_t ParseParent(const std::string& parent, FieldViolations& violations) {
  const absl::StatusOr<int64_t> community = api::ParseCommunity("parent", parent);
  violations.AddAll("", community.status());
  return community.value_or(0);
}

// The fields that an update is to change; none when it adds to what is known.
absl::StatusOr<Mask> ReadMask(const google::protobuf::FieldMask& mask,
                              const google::protobuf::Message& entity,
                              const std::vector<std::string>& fields) {
  if (mask.paths().empty()) return Mask();
  return api::FieldsToUpdate(mask, entity, fields);
}

// Takes the id out of the request; before anything else is moved out, which tells the request from
// others of the same id. Callers may have put anything into the id, and what is kept of it must not
// tell whom a request was about: so only hashes leave here, and who does not know the id cannot
// find out by trying what the fingerprint is of.
template <typename Request>
RequestId TakeRequestId(Request& request) {
  if (request.request_id().empty()) return {};
  const std::string id = std::move(*request.mutable_request_id());
  request.clear_request_id();
  std::string bytes = Request::descriptor()->full_name();
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  return {crypto::HmacSha256("request_id", id), crypto::HmacSha256(id, bytes)};
}

}  // namespace

absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::UpsertContactRequest> request) {
  FieldViolations violations;
  const int64_t community = ParseParent(request->parent(), violations);
  if (request->has_contact()) {
    CheckContact("contact", request->contact(), violations);
  } else {
    violations.Add("contact", "must be set");
  }
  CheckSightings("sightings", request->sightings(), violations);
  api::CheckRequestId(request->request_id(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(Mask mask,
                   ReadMask(request->update_mask(), request->contact(), MaskableContactFields()));
  Record record{community, {}, TakeRequestId(*request)};
  ContactRecord content = Normalize(community, PartOf(request, request->mutable_contact()),
                                    {std::make_move_iterator(request->mutable_sightings()->begin()),
                                     std::make_move_iterator(request->mutable_sightings()->end())});
  content.mask = std::move(mask);
  record.content = std::move(content);
  return record;
}

absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::UpsertOrganizationRequest> request) {
  FieldViolations violations;
  const int64_t community = ParseParent(request->parent(), violations);
  if (request->has_organization()) {
    CheckOrganization("organization", request->organization(), violations);
  } else {
    violations.Add("organization", "must be set");
  }
  api::CheckRequestId(request->request_id(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(Mask mask, ReadMask(request->update_mask(), request->organization(),
                                       MaskableOrganizationFields()));
  Record record{community, {}, TakeRequestId(*request)};
  OrganizationRecord content = Normalize(std::move(*request->mutable_organization()));
  content.mask = std::move(mask);
  record.content = std::move(content);
  return record;
}

absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::RecordActivityRequest> request) {
  FieldViolations violations;
  const int64_t community = ParseParent(request->parent(), violations);
  if (request->has_activity()) {
    CheckActivity("activity", request->activity(), violations);
  } else {
    violations.Add("activity", "must be set");
  }
  api::CheckRequestId(request->request_id(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(Mask mask,
                   ReadMask(request->update_mask(), request->activity(), MaskableActivityFields()));
  Record record{community, {}, TakeRequestId(*request)};
  ActivityRecord content = Normalize(community, PartOf(request, request->mutable_activity()));
  content.mask = std::move(mask);
  record.content = std::move(content);
  return record;
}

absl::StatusOr<Record> ToRecord(const v1::MergeContactsRequest& request) {
  FieldViolations violations;
  const int size = request.duplicates_size();
  if (size == 0) violations.Add("duplicates", "must not be empty");
  if (size > kMaxDuplicates) violations.Add("duplicates", "must have at most 100 elements");
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const api::ResourceId first,
                   api::ParseResource("name", api::kContacts, request.name()));
  MergeRecord content{{first.id}};
  for (int i = 0; i < size; ++i) {
    const std::string field = absl::StrCat("duplicates[", i, "]");
    ASSIGN_OR_RETURN(const api::ResourceId duplicate,
                     api::ParseResource(field, api::kContacts, request.duplicates(i)));
    if (duplicate.community != first.community) {
      return InvalidField(field, "must be of the same community as `name`");
    }
    content.contacts.push_back(duplicate.id);
  }
  return Record{first.community, std::move(content)};
}

absl::StatusOr<Record> ToRecord(std::shared_ptr<v1::BatchIngestItem> item) {
  switch (item->record_case()) {
    case v1::BatchIngestItem::kContact:
      return ToRecord(PartOf(item, item->mutable_contact()));
    case v1::BatchIngestItem::kOrganization:
      return ToRecord(PartOf(item, item->mutable_organization()));
    case v1::BatchIngestItem::kActivity:
      return ToRecord(PartOf(item, item->mutable_activity()));
    case v1::BatchIngestItem::RECORD_NOT_SET:
      break;
  }
  return InvalidField("record", "must be a contact, an organization or an activity");
}

absl::Status CheckItemCount(int count) {
  if (count == 0) return InvalidField("items", "must not be empty");
  if (count > kMaxBatchItems) {
    return InvalidField("items", "must have at most 1,000 elements; send more in another call");
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

v1::BatchIngestItemResult ToItemResult(const absl::StatusOr<Ingested>& result) {
  v1::BatchIngestItemResult item;
  if (result.ok()) {
    *item.mutable_result() = ToProto(*result);
  } else {
    *item.mutable_error() = rpc::ToProto(result.status());
  }
  return item;
}

}  // namespace crier::ingest::transport
