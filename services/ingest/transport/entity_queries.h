// From requests to what the storage is asked, and page tokens.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_QUERIES_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_QUERIES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/filter/schema.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/ingest/domain/entity_reader.h"

namespace crier::ingest::transport {

// What there is to know of a kind of entity in requests.
struct EntityNames {
  absl::string_view collection;  // `contacts`
  const filter::Schema& schema;
};

EntityNames NamesOf(EntityKind kind);

// What the requests of all listings, counts and streams have in common. INVALID_ARGUMENT on
// `parent`, `filter` or `evaluate_time`.
absl::StatusOr<EntitySelection> ParseSelection(EntityKind kind, const std::string& parent,
                                               const std::string& filter, absl::Time now);

// An evaluate_time of a request; `now` when it is unset. INVALID_ARGUMENT outside of years 1 to
// 9999.
absl::StatusOr<absl::Time> ParseEvaluateTime(bool is_set, const google::protobuf::Timestamp& time,
                                             absl::Time now);

// The arguments of a listing.
struct ListArguments {
  EntityKind kind = EntityKind::kContact;
  const std::string& parent;
  int32_t page_size = 0;
  const std::string& page_token;
  const std::string& filter;
  const std::string& order_by;
  const std::string& contact;  // a contact whose activities are wanted, or empty
};

// A page to read.
struct ListQuery {
  EntitySelection selection;
  ReadOptions options;
  std::string scope;  // of its tokens
};

// INVALID_ARGUMENT names the argument. The first page's time of evaluation holds for all pages.
absl::StatusOr<ListQuery> ParseList(const ListArguments& arguments, absl::Time now);

// The token of the page after a run; empty when nothing follows.
std::string NextPageToken(const ListQuery& query, const EntityRun& run);

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_QUERIES_H_
