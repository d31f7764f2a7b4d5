#include "services/ingest/engine.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/time/clock.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/domain/log/log_partition.h"

namespace crier::ingest {
namespace {

size_t Bytes(const ContactRecord& record) { return record.contact->ByteSizeLong(); }
size_t Bytes(const MergeRecord& record) { return record.contacts.size() * sizeof(int64_t); }
size_t Bytes(const OrganizationRecord& record) { return record.organization.ByteSizeLong(); }
size_t Bytes(const ActivityRecord& record) { return record.activity->ByteSizeLong(); }
size_t Bytes(const Record& record) {
  return std::visit([](const auto& content) { return Bytes(content); }, record.content);
}

// Those of the caller, with what makes lanes of it.
batch::BatcherOptions WithLanes(batch::BatcherOptions options) {
  options.lanes = IngestEngine::kLanes;
  options.workers = IngestEngine::kLanes;
  return options;
}

size_t LaneOf(const Record& record) {
  return static_cast<size_t>(LogPartitionOf(record.community, IngestEngine::kLanes));
}

}  // namespace

batch::BatcherOptions IngestEngine::DefaultOptions() {
  batch::BatcherOptions options;
  // A transaction costs Postgres as much as some twenty records do.
  options.worth_a_batch = 100;
  return options;
}

IngestEngine::IngestEngine(Ingester& ingester, IngestObserver& observer,
                           batch::BatcherOptions options)
    : ingester_(ingester),
      observer_(observer),
      batcher_(WithLanes(options),
               [this](std::vector<Item> items) { return Work(std::move(items)); }) {}

absl::Status IngestEngine::Submit(Record record, absl::Time deadline, Done done) {
  const size_t bytes = Bytes(record);
  const size_t lane = LaneOf(record);
  absl::Status status =
      batcher_.Submit({std::move(record), deadline}, bytes, std::move(done), lane);
  if (!status.ok()) observer_.OnRefused(1);
  return status;
}

size_t IngestEngine::SubmitInBulk(absl::Span<Submission> submissions, absl::Time deadline) {
  for (size_t i = 0; i < submissions.size(); ++i) {
    Submission& submission = submissions[i];
    const size_t bytes = Bytes(submission.record);
    const size_t lane = LaneOf(submission.record);
    Batcher::Bulk bulk{
        {std::move(submission.record), deadline}, bytes, std::move(submission.done), lane};
    if (!batcher_.SubmitInBulk(bulk)) {
      submission = {std::move(bulk.item.record), std::move(bulk.done)};
      return i;
    }
  }
  return submissions.size();
}

bool IngestEngine::AwaitRoom(const Record& next, std::function<void()> wake) {
  return batcher_.AwaitRoom(Bytes(next), std::move(wake), LaneOf(next));
}

// Records whose callers have given up are left out; the others may take as long as the most patient
// of them waits.
std::vector<absl::StatusOr<Ingested>> IngestEngine::Work(std::vector<Item> items) {
  const absl::Time now = absl::Now();
  std::vector<absl::StatusOr<Ingested>> results(items.size(), ExpiredInQueueError());
  std::vector<size_t> places;
  std::vector<Record> records;
  absl::Time deadline = now;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].deadline <= now) continue;
    places.push_back(i);
    records.push_back(std::move(items[i].record));
    deadline = std::max(deadline, items[i].deadline);
  }
  if (records.empty()) return results;
  std::vector<absl::StatusOr<Ingested>> ingested = ingester_.Ingest(records, deadline);
  for (size_t i = 0; i < places.size(); ++i) results[places[i]] = std::move(ingested[i]);
  return results;
}

}  // namespace crier::ingest
