#include "services/ingest/domain/errors.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/retry_info.h"

namespace crier::ingest {

absl::Status EntityTooLargeError(absl::string_view limit) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "ENTITY_TOO_LARGE",
                    absl::StrCat("with what is known already, ", limit, "; send less"));
}

absl::Status LabelIdReservedError(int64_t id) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "LABEL_ID_RESERVED",
                    absl::StrCat("no segment or tag has the id ", id,
                                 ", and from 2^52 + 1 to 2^53 only Crier assigns ids; leave it out "
                                 "to go by the name alone"));
}

absl::Status EntityNotFoundError(EntityKind kind, absl::string_view name) {
  const auto not_found = [name](absl::string_view reason) {
    return NamedError(absl::StatusCode::kNotFound, reason, absl::StrCat(name, " does not exist"));
  };
  switch (kind) {
    case EntityKind::kContact:
      return not_found("CONTACT_NOT_FOUND");
    case EntityKind::kOrganization:
      return not_found("ORGANIZATION_NOT_FOUND");
    case EntityKind::kActivity:
      return not_found("ACTIVITY_NOT_FOUND");
    case EntityKind::kSegment:
      return not_found("SEGMENT_NOT_FOUND");
    case EntityKind::kTag:
      return not_found("TAG_NOT_FOUND");
  }
  return not_found("ENTITY_NOT_FOUND");
}

absl::Status ContactMissingError() {
  return NamedError(absl::StatusCode::kDataLoss, "CONTACT_MISSING",
                    "an identifier of this record leads to a contact that the database has lost; "
                    "restore its row, or delete those of contact_identities that lead to it");
}

absl::Status CommunityDeletionNotFoundError() {
  return NamedError(absl::StatusCode::kNotFound, "COMMUNITY_DELETION_NOT_FOUND",
                    "nobody has asked to delete this community; DeleteCommunity does");
}

absl::Status CommunityBeingDeletedError() {
  return NamedError(
      absl::StatusCode::kFailedPrecondition, "COMMUNITY_BEING_DELETED",
      "the community is being deleted; its records are taken again once that is done");
}

absl::Status LogReaderNotFoundError() {
  return NamedError(absl::StatusCode::kNotFound, "LOG_READER_NOT_FOUND",
                    "no reader of the event log is registered by this name");
}

absl::Status TooManyLogReadersError() {
  return NamedError(absl::StatusCode::kFailedPrecondition, "TOO_MANY_LOG_READERS",
                    "there are 16 registered readers already; delete those that are gone, and give "
                    "all replicas of a service one name");
}

absl::Status RequestIdReusedError() {
  return InvalidField("request_id",
                      "was used before for a request that differs; give each request its own");
}

absl::Status PositionBeyondHeadError(absl::string_view field, int64_t head) {
  return NamedError(absl::StatusCode::kOutOfRange, "POSITION_BEYOND_HEAD",
                    absl::StrCat(field, " lies beyond the head of the log partition, ", head,
                                 "; give a position that was read from this log"),
                    {{"head", absl::StrCat(head)}});
}

absl::Status PositionNotKeptError(int64_t first_kept_position) {
  return NamedError(absl::StatusCode::kOutOfRange, "POSITION_NOT_KEPT",
                    absl::StrCat("what follows `after_position` is no longer kept; go on from ",
                                 first_kept_position, ", where the log partition begins now"),
                    {{"first_kept_position", absl::StrCat(first_kept_position)}});
}

absl::Status UnknownLogPartitionError(absl::string_view field) {
  return InvalidField(field, "must be one of those that ListLogHeads returns");
}

absl::Status DrainingError() {
  return NamedError(absl::StatusCode::kUnavailable, "DRAINING",
                    "the server is shutting down; call again");
}

absl::Status DatabaseUnavailableError() {
  return WithRetryInfo(NamedError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
                                  "the database is out of reach; call again, which is safe"),
                       kCallAgainAfter);
}

absl::Status CommunityBusyError() {
  return WithRetryInfo(NamedError(absl::StatusCode::kUnavailable, "COMMUNITY_BUSY",
                                  "another transaction holds on to the community's part of the "
                                  "event log; call again, which is safe"),
                       kCallAgainAfter);
}

absl::Status ExpiredInQueueError() {
  return NamedError(absl::StatusCode::kDeadlineExceeded, "EXPIRED_IN_QUEUE",
                    "the deadline passed while the record was queued; nothing was stored");
}

}  // namespace crier::ingest
