#include "services/ingest/domain/writing/ingester.h"

#include <utility>

#include "common/trace/span.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/writing/reconcile.h"

namespace crier::ingest {
namespace {

// Whether the failure lies in the circumstances and not in the content of a transaction. Callers
// get one answer to all of these: call again, which is safe even when the commit went through
// unnoticed, because what is known already comes back as UNCHANGED.
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

// Those that are recorded, of the calls that the records came with. Neighbours mostly came with the
// same one.
std::vector<trace::Context> TracesOf(absl::Span<const Record> records) {
  std::vector<trace::Context> traces;
  for (size_t i = 0; i < records.size(); ++i) {
    if (i > 0 && records[i].traceparent == records[i - 1].traceparent) continue;
    const auto trace = trace::ParseTraceparent(records[i].traceparent);
    if (trace && trace->sampled) traces.push_back(*trace);
  }
  return traces;
}

}  // namespace

std::vector<absl::StatusOr<Ingested>> Ingester::Ingest(absl::Span<const Record> records,
                                                       absl::Time deadline) {
  Results results;
  size_t together = records.size();
  while (results.size() < records.size()) {
    const absl::Span<const Record> rest = records.subspan(results.size(), together);
    absl::StatusOr<Results> done = Commit(rest, deadline);
    if (done.ok()) {
      for (auto& result : *done) results.push_back(std::move(result));
    } else if (IsTransient(done.status())) {
      results.resize(records.size(), DatabaseUnavailableError());
    } else if (rest.size() == 1) {
      results.push_back(done.status());
    } else {
      together = 1;
    }
  }
  return results;
}

absl::StatusOr<Ingester::Results> Ingester::Commit(absl::Span<const Record> records,
                                                   absl::Time deadline) {
  const absl::Duration start = clock_.Monotonic();
  trace::Span span("ingest.commit", trace::SpanKind::kInternal, TracesOf(records));
  span.Set("crier.records", static_cast<int64_t>(records.size()));
  const trace::Scope trace_scope(span.context());
  absl::StatusOr<Changes> changes = store_.Transact(LookupOf(records), deadline, [&](Known known) {
    return Reconcile(records, std::move(known), clock_.Now());
  });
  observer_.OnCommit(records.size(), clock_.Monotonic() - start);
  span.SetStatus(changes.status());
  if (!changes.ok()) return changes.status();
  for (const LoggedEvent& event : changes->events) observer_.OnEvent(event.kind);
  recent_.Add(std::move(changes->events));
  for (const auto& [log_partition, head] : changes->heads) {
    tail_.Advance(log_partition, head.position);
  }
  return std::move(changes->results);
}

}  // namespace crier::ingest
