// The heart of ingest: what records mean in the light of what is known.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_RECONCILE_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_RECONCILE_H_

#include <cstddef>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "services/ingest/domain/records/record.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest {

// What must be known to reconcile the records.
Lookup LookupOf(absl::Span<const Record> records);

// Reconcile ends early when its events have reached this.
inline constexpr size_t kMaxEventBytes = 32 * 1024 * 1024;

// Applies the records, in order, to what is known of LookupOf(records); a later record sees what
// the earlier ones did. A record that fails (ENTITY_TOO_LARGE) changes nothing and leaves the
// others alone. `now` becomes the accept time, unless that of the log is later.
//
// Small records about large contacts can make very large events; so there may be fewer results than
// records, but at least one: the rest needs another call. Pure.
Changes Reconcile(absl::Span<const Record> records, Known known, absl::Time now,
                  size_t max_event_bytes = kMaxEventBytes);

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_RECONCILE_H_
