// What the ingest service needs of its storage in order to show what is known.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_ENTITY_READER_H_
#define CRIER_SERVICES_INGEST_DOMAIN_ENTITY_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/filter/filter.h"
#include "common/filter/order_by.h"

namespace crier::ingest {

enum class EntityKind { kContact, kOrganization, kActivity, kSegment, kTag };

// Which entities.
struct EntitySelection {
  EntityKind kind = EntityKind::kContact;
  int64_t community = 0;
  filter::Filter filter;     // checked against the schema of the kind
  absl::Time evaluate_time;  // what relative times count from
  // Of activities: only those of this contact, which may have been merged since; 0 for all.
  int64_t contact = 0;
};

// Where a listing goes on: after the entity with these values of the sort keys (nothing where one
// is unset) and this id.
struct ListPosition {
  std::vector<std::optional<std::string>> values;
  int64_t id = 0;
};

// Whether to tell which contacts were merged into those found.
enum class Merged { kNotTold, kTold };

// How to read them.
struct ReadOptions {
  std::vector<filter::SortKey> order;  // and by id, where these leave it open
  std::optional<ListPosition> after;   // with a value for each key; nothing: from the beginning
  int limit = 0;
  // No entity that takes the run beyond it, unless it is the first.
  int64_t max_bytes = 0;
  // The run before was as long as it could be, so that reading in the order of ids is the way.
  bool in_bulk = false;
  Merged merged = Merged::kNotTold;
};

// An entity, as its message on the wire: who only sends it on need not know what is in it.
struct FoundEntity {
  int64_t id = 0;
  std::string message;
  std::vector<std::optional<std::string>> values;  // of the sort keys
  std::vector<int64_t> merged;                     // kTold: ids, sorted
};

struct EntityRun {
  std::vector<FoundEntity> entities;
  bool more = false;  // whether any follow
};

// Thread-safe. Only what is committed shows. Errors of every method: UNAVAILABLE when the database
// is away, DEADLINE_EXCEEDED.
class EntityReader {
 public:
  virtual ~EntityReader() = default;

  // Those of the ids that exist, in the order of their ids, each once. Contacts that were merged
  // are found as their winner.
  virtual absl::StatusOr<std::vector<FoundEntity>> Get(EntityKind kind, int64_t community,
                                                       const std::vector<int64_t>& ids,
                                                       Merged merged, absl::Time deadline) = 0;

  // A run of the selection. INVALID_ARGUMENT on `page_token` when a value of `after` does not fit
  // its key.
  virtual absl::StatusOr<EntityRun> Find(const EntitySelection& selection,
                                         const ReadOptions& options, absl::Time deadline) = 0;

  // How many there are.
  virtual absl::StatusOr<int64_t> Count(const EntitySelection& selection, absl::Time deadline) = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_ENTITY_READER_H_
