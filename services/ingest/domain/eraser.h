// What the ingest service needs of its storage in order to forget.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ERASER_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ERASER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crier::ingest {

// How far the deletion of a community has come.
struct CommunityDeletion {
  int64_t community = 0;
  absl::Time create_time;
  std::optional<absl::Time> finish_time;  // nothing while something may be left
  int64_t erased_count = 0;               // rows
  // Ids of the readers of the log that have yet to confirm that it was deleted.
  std::vector<std::string> waiting_readers;
};

// Thread-safe. What is erased is gone from every row; the events that told of it stay in the log,
// with their positions and without their entities, so that no reader finds a gap.
//
// UNAVAILABLE when the database is away. Whatever fails may be repeated: what is erased already
// stays so.
class Eraser {
 public:
  virtual ~Eraser() = default;

  // Erases a contact, or the one that it became part of: in bounded steps what it did and what
  // events say of it, then in one transaction the rest, with a CONTACT_DELETED event. NOT_FOUND
  // when there is no such contact.
  virtual absl::Status EraseContact(int64_t community, int64_t id, absl::Time now,
                                    absl::Time deadline) = 0;

  // Begins the deletion of a community, or returns the one that is under way. From the commit on
  // its records are refused (Known::deleting).
  virtual absl::StatusOr<CommunityDeletion> BeginDeletion(int64_t community, absl::Time now,
                                                          absl::Time deadline) = 0;

  // NOT_FOUND when it was never asked for.
  virtual absl::StatusOr<CommunityDeletion> GetDeletion(int64_t community, absl::Time deadline) = 0;

  // Does a bounded step of some deletion that is under way and that nobody else works on. False
  // when there is none to be done now. The step that finds nothing left tells readers with a
  // COMMUNITY_DELETED event; another ends the deletion once all registered readers of the log have
  // confirmed that.
  virtual absl::StatusOr<bool> ContinueDeletions(absl::Time now, absl::Time deadline) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ERASER_H_
