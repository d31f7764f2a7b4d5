#include "tools/crierctl/ingest/batch_sender.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/status.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/ingest/backoff.h"

namespace crier::crierctl {

using ::crier::ingest::v1::BatchIngestItem;
using ::crier::ingest::v1::BatchIngestItemResult;
using ::crier::ingest::v1::BatchIngestRequest;
using ::crier::ingest::v1::BatchIngestResponse;
using ::crier::ingest::v1::IngestResult;

// A record that is not settled yet.
struct BatchSender::Pending {
  const Record* record;
  BatchIngestItem item;
  absl::Status last_status;
};

namespace {

void Count(const IngestResult& result, BatchReport& report) {
  switch (result.outcome()) {
    case IngestResult::CREATED:
      ++report.created;
      break;
    case IngestResult::UPDATED:
      ++report.updated;
      break;
    default:
      ++report.unchanged;
  }
}

void Fail(const Record& record, const absl::Status& status, BatchReport& report) {
  report.failures.push_back({record.file, record.line, status});
}

// The longest wait that any of the answers asks for.
void Raise(std::optional<absl::Duration>& wait, const absl::Status& status) {
  if (const auto wish = RetryDelay(status)) wait = std::max(wait.value_or(*wish), *wish);
}

template <typename Pending>
BatchIngestRequest RequestOf(const std::vector<Pending>& pending) {
  BatchIngestRequest request;
  for (const Pending& entry : pending) *request.add_items() = entry.item;
  return request;
}

// Takes what is settled out of `pending`; returns the wait that the server asks for, for the rest.
template <typename Pending>
std::optional<absl::Duration> Settle(const BatchIngestResponse& response,
                                     std::vector<Pending>& pending, BatchReport& report) {
  std::optional<absl::Duration> wait;
  std::vector<Pending> rest;
  for (size_t i = 0; i < pending.size(); ++i) {
    const BatchIngestItemResult& result = response.results(static_cast<int>(i));
    if (result.has_result()) {
      Count(result.result(), report);
      continue;
    }
    const absl::Status status = rpc::FromProto(result.error());
    if (IsTransient(status)) {
      Raise(wait, status);
      pending[i].last_status = status;
      rest.push_back(std::move(pending[i]));
    } else {
      Fail(*pending[i].record, status, report);
    }
  }
  pending = std::move(rest);
  return wait;
}

template <typename Pending>
void Stop(const absl::Status& status, const std::vector<Pending>& pending, BatchReport& report) {
  report.stopped = status;
  report.unsettled = static_cast<int64_t>(pending.size());
}

}  // namespace

BatchSender::BatchSender(Parse parse, Call call, Sleep sleep)
    : parse_(std::move(parse)), call_(std::move(call)), sleep_(std::move(sleep)) {}

BatchReport BatchSender::Send(const std::vector<Record>& records) const {
  BatchReport report;
  std::vector<Pending> pending = ParseAll(records, report);
  Backoff backoff;
  while (!pending.empty()) {
    const absl::StatusOr<BatchIngestResponse> response = call_(RequestOf(pending));
    absl::Status status = response.status();
    if (status.ok() && response->results_size() != static_cast<int>(pending.size())) {
      status = absl::FailedPreconditionError(absl::StrCat("the server answered ",
                                                          response->results_size(), " results for ",
                                                          pending.size(), " records"));
    }
    if (!status.ok() && !IsTransient(status)) {
      Stop(status, pending, report);
      return report;
    }
    std::optional<absl::Duration> wait;
    if (status.ok()) {
      wait = Settle(*response, pending, report);
      if (pending.empty()) return report;
    } else {
      Raise(wait, status);
    }
    wait = backoff.Next(wait);
    if (!wait) {
      Stop(status.ok() ? pending.front().last_status : status, pending, report);
      return report;
    }
    sleep_(*wait);
  }
  return report;
}

std::vector<BatchSender::Pending> BatchSender::ParseAll(const std::vector<Record>& records,
                                                        BatchReport& report) const {
  std::vector<Pending> pending;
  for (const Record& record : records) {
    if (!record.json.ok()) {
      Fail(record, record.json.status(), report);
      continue;
    }
    absl::StatusOr<BatchIngestItem> item = parse_(*record.json);
    if (item.ok()) {
      pending.push_back({&record, *std::move(item), absl::OkStatus()});
    } else {
      Fail(record, item.status(), report);
    }
  }
  return pending;
}

}  // namespace crier::crierctl
