#include "services/ingest/domain/ingester.h"

#include <utility>

#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/reconcile.h"

namespace crier::ingest {
namespace {

// Whether the failure lies in the circumstances and not in the content of a transaction.
bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

// Callers need one answer to all of these: call again, which is safe even when the commit went
// through unnoticed, because what is known already comes back as UNCHANGED.
absl::Status ForCallers(const absl::Status& status) {
  return IsTransient(status) ? DatabaseUnavailableError() : status;
}

}  // namespace

std::vector<absl::StatusOr<Ingested>> Ingester::Ingest(absl::Span<const Record> records,
                                                       absl::Time deadline) {
  absl::StatusOr<Results> together = Commit(records, deadline);
  if (together.ok()) return *std::move(together);
  if (records.size() == 1 || IsTransient(together.status())) {
    return Results(records.size(), ForCallers(together.status()));
  }

  Results results;
  absl::Status outage;
  for (size_t i = 0; i < records.size(); ++i) {
    if (!outage.ok()) {
      results.push_back(outage);
      continue;
    }
    absl::StatusOr<Results> alone = Commit(records.subspan(i, 1), deadline);
    if (alone.ok()) {
      results.push_back(std::move(alone->front()));
      continue;
    }
    results.push_back(ForCallers(alone.status()));
    if (IsTransient(alone.status())) outage = ForCallers(alone.status());
  }
  return results;
}

absl::StatusOr<Ingester::Results> Ingester::Commit(absl::Span<const Record> records,
                                                   absl::Time deadline) {
  const absl::Duration start = clock_.Monotonic();
  absl::StatusOr<Changes> changes = store_.Transact(LookupOf(records), deadline, [&](Known known) {
    return Reconcile(records, std::move(known), clock_.Now());
  });
  observer_.OnCommit(records.size(), clock_.Monotonic() - start);
  if (!changes.ok()) return changes.status();
  for (const auto& event : changes->events) observer_.OnEvent(event.kind());
  for (const auto& [log_partition, head] : changes->heads) {
    tail_.Advance(log_partition, head.position);
  }
  return std::move(changes->results);
}

}  // namespace crier::ingest
