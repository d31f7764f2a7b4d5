// How to send contacts to Crier: crier-ingest-example TARGET COMMUNITY COUNT SERVICE_CONFIG
//
// TARGET is a gRPC name (`dns:///crier-ingest.:7401`, `localhost:7401`), SERVICE_CONFIG the file
// proto/crier/service_config.json. Sends one contact by a unary call and COUNT contacts over a
// stream with acknowledgements, and prints what became of them. Needs nothing but gRPC and the
// stubs.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crier/ingest/v1/ingest_service.grpc.pb.h"

namespace {

using crier::ingest::v1::BatchIngestItemResult;
using crier::ingest::v1::IngestAcknowledgement;
using crier::ingest::v1::IngestResult;
using crier::ingest::v1::IngestService;
using crier::ingest::v1::UpsertContactRequest;
using Frame = crier::ingest::v1::StreamIngestWithAcknowledgementsRequest;

constexpr int kFrameRecords = 100;  // 32 to 500 are the fastest
constexpr size_t kWindow = 8;       // frames that wait for their answers
constexpr std::chrono::seconds kPatience{60};

// A channel that spreads calls over all replicas and repeats what may be repeated.
std::shared_ptr<grpc::Channel> Connect(const std::string& target, const std::string& config_file) {
  std::ifstream file(config_file);
  const std::string config{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(config);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 1);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 3000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3000);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

std::string NewRequestId() {
  static std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += std::to_string(random()) + (i < 3 ? "-" : "");
  return id;
}

// What one source knows of one person. The request_id makes it safe to send again.
UpsertContactRequest MakeRequest(const std::string& community, int number) {
  UpsertContactRequest request;
  request.set_parent("communities/" + community);
  request.mutable_contact()->set_full_name("Person " + std::to_string(number));
  request.mutable_contact()->set_primary_email("person" + std::to_string(number) + "@example.com");
  request.mutable_contact()->add_tags()->set_name("Example");
  request.add_sightings()->set_source("Example");
  request.set_request_id(NewRequestId());
  return request;
}

// A unary call. Deadline and retries are those of the service config.
bool SendOne(IngestService::Stub& stub, const std::string& community) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  IngestResult result;
  const grpc::Status status = stub.UpsertContact(&context, MakeRequest(community, 0), &result);
  if (!status.ok()) {
    std::cerr << status.error_message() << "\n";
    return false;
  }
  std::cout << IngestResult::Outcome_Name(result.outcome()) << " " << result.name() << std::endl;
  return true;
}

// Sends frames over one stream, for as long as it lasts.
class FrameSender {
 public:
  using Results = google::protobuf::RepeatedPtrField<BatchIngestItemResult>;

  explicit FrameSender(IngestService::Stub& stub) {
    context_.set_wait_for_ready(true);
    stream_ = stub.StreamIngestWithAcknowledgements(&context_);
  }

  // Returns the results of the frames that were answered, and how the stream ended.
  grpc::Status Send(const std::vector<Frame>& frames, std::vector<Results>& answered) {
    std::thread writer([&] { Write(frames); });
    IngestAcknowledgement answer;
    while (stream_->Read(&answer)) {
      answered.push_back(answer.results());
      std::lock_guard<std::mutex> lock(mutex_);
      ++answers_;
      changed_.notify_all();
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
      changed_.notify_all();
    }
    writer.join();
    return stream_->Finish();
  }

 private:
  // Keeps no more than the window under way.
  void Write(const std::vector<Frame>& frames) {
    for (size_t i = 0; i < frames.size(); ++i) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return over_ || i < answers_ + kWindow; });
        if (over_) return;
      }
      if (!stream_->Write(frames[i])) return;
    }
    stream_->WritesDone();
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Frame, IngestAcknowledgement>> stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t answers_ = 0;
  bool over_ = false;
};

std::vector<Frame> MakeFrames(const std::string& community, int count) {
  std::vector<Frame> frames;
  for (int number = 1; number <= count; ++number) {
    if (frames.empty() || frames.back().items_size() == kFrameRecords) frames.emplace_back();
    *frames.back().add_items()->mutable_contact() = MakeRequest(community, number);
  }
  return frames;
}

// Whether a record is sent again: the database is away, the server is full, or the record waited
// too long.
bool IsRetryable(const BatchIngestItemResult& result) {
  return result.has_error() && (result.error().code() == grpc::StatusCode::UNAVAILABLE ||
                                result.error().code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
                                result.error().code() == grpc::StatusCode::DEADLINE_EXCEEDED);
}

// Takes the frames that were answered off, and counts what is done for good. What is not comes
// first again. Returns how many records are done.
int Settle(const std::vector<FrameSender::Results>& answered, std::vector<Frame>& frames,
           std::map<std::string, int>& counts) {
  std::vector<Frame> left;
  int settled = 0;
  for (size_t i = 0; i < answered.size(); ++i) {
    Frame again;
    for (int k = 0; k < answered[i].size(); ++k) {
      const BatchIngestItemResult& result = answered[i][k];
      if (IsRetryable(result)) {
        *again.add_items() = frames[i].items(k);
        continue;
      }
      // An error is the caller's own mistake: INVALID_ARGUMENT names the fields.
      if (result.has_error()) std::cerr << "refused: " << result.error().message() << "\n";
      ++counts[result.has_error() ? "FAILED"
                                  : IngestResult::Outcome_Name(result.result().outcome())];
      ++settled;
    }
    if (again.items_size() > 0) left.push_back(std::move(again));
  }
  left.insert(left.end(), frames.begin() + static_cast<std::ptrdiff_t>(answered.size()),
              frames.end());
  frames = std::move(left);
  return settled;
}

// Sends all frames, however often the stream breaks.
bool SendMany(IngestService::Stub& stub, std::vector<Frame> frames) {
  std::map<std::string, int> counts;
  auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!frames.empty()) {
    std::vector<FrameSender::Results> answered;
    const grpc::Status status = FrameSender(stub).Send(frames, answered);
    const int settled = Settle(answered, frames, counts);
    // The server drains, or is gone (CANCELLED is what a server that shuts down says to a stream
    // that comes too late): whatever was not answered is sent again.
    const bool may_return = status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                            status.error_code() == grpc::StatusCode::CANCELLED ||
                            status.error_code() == grpc::StatusCode::INTERNAL;
    if (settled > 0) give_up = std::chrono::steady_clock::now() + kPatience;
    if (!may_return || std::chrono::steady_clock::now() > give_up) {
      std::cerr << status.error_message() << "\n";
      return false;
    }
    if (!frames.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  for (const auto& [outcome, count] : counts) std::cout << outcome << "=" << count << " ";
  std::cout << "\n";
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: " << argv[0] << " TARGET COMMUNITY COUNT SERVICE_CONFIG\n";
    return 2;
  }
  const std::unique_ptr<IngestService::Stub> stub =
      IngestService::NewStub(Connect(argv[1], argv[4]));
  const bool sent =
      SendOne(*stub, argv[2]) && SendMany(*stub, MakeFrames(argv[2], std::stoi(argv[3])));
  return sent ? 0 : 1;
}
