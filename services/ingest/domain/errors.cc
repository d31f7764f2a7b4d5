#include "services/ingest/domain/errors.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace crier::ingest {

absl::Status EntityTooLargeError(absl::string_view limit) {
  return NamedError(absl::StatusCode::kFailedPrecondition, "ENTITY_TOO_LARGE",
                    absl::StrCat("with what is known already, ", limit, "; send less"));
}

absl::Status PositionBeyondHeadError(int64_t head) {
  return NamedError(absl::StatusCode::kOutOfRange, "POSITION_BEYOND_HEAD",
                    absl::StrCat("after_position lies beyond the head of the log partition, ", head,
                                 "; subscribe from a position that was read from this log"),
                    {{"head", absl::StrCat(head)}});
}

absl::Status PositionNotKeptError(int64_t first_kept_position) {
  return NamedError(absl::StatusCode::kOutOfRange, "POSITION_NOT_KEPT",
                    absl::StrCat("what follows after_position is no longer kept; the log partition "
                                 "begins at position ",
                                 first_kept_position),
                    {{"first_kept_position", absl::StrCat(first_kept_position)}});
}

absl::Status UnknownLogPartitionError() {
  return InvalidField("log_partition", "must be one of those that ListLogHeads returns");
}

absl::Status DrainingError() {
  return NamedError(absl::StatusCode::kUnavailable, "DRAINING",
                    "the server is shutting down; call again");
}

absl::Status DatabaseUnavailableError() {
  return NamedError(absl::StatusCode::kUnavailable, "DATABASE_UNAVAILABLE",
                    "the database is out of reach; call again, which is safe");
}

absl::Status ExpiredInQueueError() {
  return NamedError(absl::StatusCode::kDeadlineExceeded, "EXPIRED_IN_QUEUE",
                    "the deadline passed while the record was queued; nothing was stored");
}

}  // namespace crier::ingest
