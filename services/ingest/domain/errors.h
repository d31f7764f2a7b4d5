// Every failure that the ingest service itself can report. Failures of single fields are
// FieldViolations (common/status/errors.h) with the reason `INVALID_FIELD`.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ERRORS_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ERRORS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/ingest/domain/entity_reader.h"

namespace crier::ingest {

// FAILED_PRECONDITION, `ENTITY_TOO_LARGE`: with what is known already, the entity would exceed a
// limit. `limit` names it, for example `all_emails holds more than 1,000 elements`.
absl::Status EntityTooLargeError(absl::string_view limit);

// FAILED_PRECONDITION, `LABEL_ID_RESERVED`: a segment or tag that is not known has an id of those
// that are only assigned.
absl::Status LabelIdReservedError(int64_t id);

// NOT_FOUND, `CONTACT_NOT_FOUND` and so on: there is no entity of the resource name.
absl::Status EntityNotFoundError(EntityKind kind, absl::string_view name);

// DATA_LOSS, `CONTACT_MISSING`: an identifier leads to a contact that is not stored, which no call
// can bring about; somebody has changed the tables by hand, or restored a part of them.
absl::Status ContactMissingError();

// NOT_FOUND, `COMMUNITY_DELETION_NOT_FOUND`: nobody has asked to delete the community.
absl::Status CommunityDeletionNotFoundError();

// FAILED_PRECONDITION, `COMMUNITY_BEING_DELETED`: records are refused until all of the community is
// erased.
absl::Status CommunityBeingDeletedError();

// NOT_FOUND, `LOG_READER_NOT_FOUND`: no reader of the log is registered by this name.
absl::Status LogReaderNotFoundError();

// FAILED_PRECONDITION, `TOO_MANY_LOG_READERS`: see kMaxLogReaders.
absl::Status TooManyLogReadersError();

// INVALID_ARGUMENT on `request_id`: it was used for a request that said something else.
absl::Status RequestIdReusedError();

// OUT_OF_RANGE, `POSITION_BEYOND_HEAD`, metadata `head`: a reader says that it has come
// to a position that the log has not reached.
absl::Status PositionBeyondHeadError(absl::string_view field, int64_t head);

// OUT_OF_RANGE, `POSITION_NOT_KEPT`, metadata `first_kept_position`: retention has dropped events
// that the reader has not seen.
absl::Status PositionNotKeptError(int64_t first_kept_position);

// INVALID_ARGUMENT on `field`.
absl::Status UnknownLogPartitionError(absl::string_view field);

// UNAVAILABLE, `DRAINING`: the replica is shutting down; another one will serve.
absl::Status DrainingError();

// What callers are asked to wait, by a google.rpc.RetryInfo, where waiting helps.
inline constexpr absl::Duration kCallAgainAfter = absl::Seconds(1);

// UNAVAILABLE, `DATABASE_UNAVAILABLE`, with RetryInfo: whatever became of the record, sending it
// again is safe.
absl::Status DatabaseUnavailableError();

// UNAVAILABLE, `COMMUNITY_BUSY`, with RetryInfo: somebody has held the lock of the community's log
// partition for too long. Nothing was stored.
absl::Status CommunityBusyError();

// DEADLINE_EXCEEDED, `EXPIRED_IN_QUEUE`: the caller's time was up before its record was worked on,
// and nothing was stored.
absl::Status ExpiredInQueueError();

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ERRORS_H_
