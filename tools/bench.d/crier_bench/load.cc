#include "tools/bench.d/crier_bench/load.h"

#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/rpc/client.h"
#include "common/rpc/status.h"
#include "common/status/macros.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "tools/bench.d/crier_bench/calls.h"
#include "tools/bench.d/crier_bench/moments.h"
#include "tools/bench.d/crier_bench/progress.h"

namespace crier::bench {
namespace {

using ingest::v1::IngestService;

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
      absl::SleepFor(chunk.due - absl::Now());
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

void MakeStreams(IngestService::Stub& stub, const LoadOptions& options, Progress& progress) {
  std::vector<std::thread> callers;
  for (int i = 0; i < options.callers; ++i) {
    callers.emplace_back([&] { MakeStream(stub, options, progress); });
  }
  for (std::thread& caller : callers) caller.join();
}

}  // namespace

absl::Status Load(const LoadOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Moments> answers,
                   Moments::Map(options.answers_file, options.count));
  const std::shared_ptr<grpc::Channel> channel = rpc::Connect(options.target);
  Progress progress(options, *answers);
  if (options.way == Way::kStream) {
    MakeStreams(*IngestService::NewStub(channel), options, progress);
  } else {
    MakeCalls(channel, options, progress);
  }
  return progress.Report();
}

}  // namespace crier::bench
