#include "tools/bench.d/crier_bench/load.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/client.h"
#include "common/rpc/status.h"
#include "common/status/macros.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "tools/bench.d/crier_bench/moments.h"

namespace crier::bench {
namespace {

using ingest::v1::IngestService;

constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr absl::Duration kPause = absl::Milliseconds(20);  // before a refused call is repeated

// Consecutive record numbers of one call.
struct Chunk {
  size_t first = 0;
  size_t size = 0;
};

// In milliseconds; of at least one duration.
double Quantile(const std::vector<absl::Duration>& sorted, double share) {
  const auto index = static_cast<size_t>(share * static_cast<double>(sorted.size() - 1));
  return absl::ToDoubleMilliseconds(sorted[index]);
}

// What all callers share: the numbers still to be sent, and what was measured.
class Progress {
 public:
  Progress(const LoadOptions& options, Moments& answers)
      : options_(options), answers_(answers), start_(absl::Now()) {}

  // The next records, as soon as their time has come; an empty chunk at the end, or after a
  // failure.
  Chunk Next(size_t size) {
    const size_t first = next_.fetch_add(size);
    if (failed_ || first >= options_.count) return {};
    if (options_.rate > 0) {
      absl::SleepFor(start_ + absl::Seconds(static_cast<double>(first) / options_.rate) -
                     absl::Now());
    }
    return {first, std::min(size, options_.count - first)};
  }

  void Answered(const Chunk& chunk, absl::Duration elapsed) {
    for (size_t i = 0; i < chunk.size; ++i) answers_.Note(chunk.first + i);
    absl::MutexLock lock(&mutex_);
    calls_.push_back(elapsed);
  }

  // Whether the call is to be made again; waits a little then.
  bool ShouldRepeat(const absl::Status& status) {
    if (failed_ || !(absl::IsResourceExhausted(status) || absl::IsUnavailable(status))) {
      return false;
    }
    ++repeated_;
    absl::SleepFor(kPause);
    return true;
  }

  void Fail(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    failed_ = true;
    status_.Update(status);
  }

  absl::Status Report() {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(status_);
    const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
    std::sort(calls_.begin(), calls_.end());
    std::cout << absl::StrCat("{\"seconds\":", seconds,
                              ",\"rate\":", static_cast<double>(options_.count) / seconds,
                              ",\"calls\":", calls_.size(),
                              ",\"call_p50_ms\":", Quantile(calls_, 0.5),
                              ",\"call_p99_ms\":", Quantile(calls_, 0.99),
                              ",\"repeated\":", repeated_.load(), "}")
              << std::endl;
    return absl::OkStatus();
  }

 private:
  const LoadOptions& options_;
  Moments& answers_;
  const absl::Time start_;
  std::atomic<size_t> next_ = 0;
  std::atomic<size_t> repeated_ = 0;
  std::atomic<bool> failed_ = false;
  absl::Mutex mutex_;
  std::vector<absl::Duration> calls_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

absl::Status CallUnary(IngestService::Stub& stub, const Chunk& chunk, const LoadOptions& options) {
  ingest::v1::UpsertContactRequest request;
  ingest::v1::IngestResult response;
  FillContact(chunk.first, options.communities, options.identities, request);
  return rpc::Call(stub, &IngestService::Stub::UpsertContact, request, response,
                   absl::Now() + kCallTimeout);
}

absl::Status CallBatch(IngestService::Stub& stub, const Chunk& chunk, const LoadOptions& options) {
  ingest::v1::BatchIngestRequest request;
  ingest::v1::BatchIngestResponse response;
  for (size_t i = 0; i < chunk.size; ++i) {
    FillContact(chunk.first + i, options.communities, options.identities,
                *request.add_items()->mutable_contact());
  }
  RETURN_IF_ERROR(rpc::Call(stub, &IngestService::Stub::BatchIngest, request, response,
                            absl::Now() + kCallTimeout));
  for (const ingest::v1::BatchIngestItemResult& result : response.results()) {
    if (result.has_error()) {
      return absl::Status(static_cast<absl::StatusCode>(result.error().code()),
                          result.error().message());
    }
  }
  return absl::OkStatus();
}

// One stream, with some frames under way. A record that is refused ends the load: streams are held
// back, and not turned away.
void MakeStream(IngestService::Stub& stub, const LoadOptions& options, Progress& progress) {
  grpc::ClientContext context;
  const auto stream = stub.StreamIngestWithAcknowledgements(&context);
  std::deque<std::pair<Chunk, absl::Time>> under_way;
  ingest::v1::IngestAcknowledgement answer;
  bool more = true;
  while (more || !under_way.empty()) {
    if (more && under_way.size() < static_cast<size_t>(options.window)) {
      const Chunk chunk = progress.Next(static_cast<size_t>(options.items));
      more = chunk.size > 0;
      if (!more) {
        stream->WritesDone();
        continue;
      }
      ingest::v1::StreamIngestWithAcknowledgementsRequest frame;
      for (size_t i = 0; i < chunk.size; ++i) {
        FillContact(chunk.first + i, options.communities, options.identities,
                    *frame.add_items()->mutable_contact());
      }
      under_way.emplace_back(chunk, absl::Now());
      if (stream->Write(frame)) continue;
    }
    if (!stream->Read(&answer)) break;
    for (const ingest::v1::BatchIngestItemResult& result : answer.results()) {
      if (result.has_error()) return progress.Fail(rpc::FromProto(result.error()));
    }
    progress.Answered(under_way.front().first, absl::Now() - under_way.front().second);
    under_way.pop_front();
  }
  const absl::Status status = rpc::FromGrpc(stream->Finish());
  if (!status.ok()) progress.Fail(status);
}

// One caller that waits for each answer.
void MakeCalls(IngestService::Stub& stub, const LoadOptions& options, Progress& progress) {
  const bool unary = options.way == Way::kUnary;
  const size_t size = unary ? 1 : static_cast<size_t>(options.items);
  for (Chunk chunk = progress.Next(size); chunk.size > 0; chunk = progress.Next(size)) {
    const absl::Time start = absl::Now();
    absl::Status status;
    do {
      status = unary ? CallUnary(stub, chunk, options) : CallBatch(stub, chunk, options);
    } while (progress.ShouldRepeat(status));
    if (!status.ok()) return progress.Fail(status);
    progress.Answered(chunk, absl::Now() - start);
  }
}

}  // namespace

absl::Status Load(const LoadOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Moments> answers,
                   Moments::Map(options.answers_file, options.count));
  const std::unique_ptr<IngestService::Stub> stub =
      IngestService::NewStub(rpc::Connect(options.target));
  Progress progress(options, *answers);
  std::vector<std::thread> callers;
  for (int i = 0; i < options.callers; ++i) {
    callers.emplace_back([&] {
      if (options.way == Way::kStream) return MakeStream(*stub, options, progress);
      MakeCalls(*stub, options, progress);
    });
  }
  for (std::thread& caller : callers) caller.join();
  return progress.Report();
}

}  // namespace crier::bench
