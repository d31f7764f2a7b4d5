#include "common/rpc/frame_stream.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/cond_var.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "crier/ingest/v1/ingest_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::rpc {
namespace {

using ingest::v1::IngestAcknowledgement;
using ingest::v1::IngestService;
using Request = ingest::v1::StreamIngestWithAcknowledgementsRequest;
using Finish = std::function<void(absl::Status)>;

// Frames wait until the test lets them go, in whatever order.
class HeldService : public IngestService::WithRawCallbackMethod_StreamIngestWithAcknowledgements<
                        IngestService::Service> {
 public:
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StreamIngestWithAcknowledgements(
      grpc::CallbackServerContext*) override {
    return FrameExchange<Request, IngestAcknowledgement>::Start(
        streams,
        [this](std::shared_ptr<Request> request, IngestAcknowledgement& reply, Finish done) {
          for (int i = 0; i < request->items_size(); ++i) reply.add_results();
          absl::MutexLock lock(&mutex_);
          held_.push_back(std::move(done));
          changed_.SignalAll();
        });
  }

  // Lets a frame go, by its number from 0; waits for it.
  void LetGo(size_t frame, const absl::Status& status = absl::OkStatus()) {
    Finish finish;
    {
      absl::MutexLock lock(&mutex_);
      while (held_.size() <= frame) changed_.Wait(&mutex_);
      finish = held_[frame];
    }
    finish(status);
  }

  // Waits for that many frames; how many there are then.
  size_t Await(size_t count) {
    absl::MutexLock lock(&mutex_);
    while (held_.size() < count) changed_.Wait(&mutex_);
    return held_.size();
  }

  OpenStreams streams;

 private:
  absl::Mutex mutex_;
  CondVar changed_;
  std::vector<Finish> held_ ABSL_GUARDED_BY(mutex_);
};

class FrameStreamTest : public testing::Test {
 protected:
  FrameStreamTest() {
    server_ = Server::Start({.listen_address = "127.0.0.1:0"}, {&service_}).value();
    // Not in process, where a message waits for its reader.
    stub_ = IngestService::NewStub(grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                                       grpc::InsecureChannelCredentials()));
    stream_ = stub_->StreamIngestWithAcknowledgements(&context_);
  }

  void Write(int items) {
    Request request;
    for (int i = 0; i < items; ++i) request.add_items();
    EXPECT_TRUE(stream_->Write(request));
  }

  // Size of the next answer; -1 when there is none.
  int Read() {
    IngestAcknowledgement answer;
    return stream_->Read(&answer) ? answer.results_size() : -1;
  }

  HeldService service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<IngestService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, IngestAcknowledgement>> stream_;
};

TEST_F(FrameStreamTest, AnswersInTheOrderOfTheFramesWhateverIsDoneFirst) {
  Write(1);
  Write(2);
  Write(3);
  service_.LetGo(2);
  service_.LetGo(1);
  service_.LetGo(0);
  EXPECT_EQ(Read(), 1);
  EXPECT_EQ(Read(), 2);
  EXPECT_EQ(Read(), 3);
  stream_->WritesDone();
  EXPECT_EQ(Read(), -1);
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(FrameStreamTest, ReadsNoMoreThanItsWindow) {
  for (int i = 1; i <= 10; ++i) Write(i);
  EXPECT_EQ(service_.Await(kFrameWindow), kFrameWindow);
  for (int i = 1; i <= 10; ++i) {
    service_.LetGo(static_cast<size_t>(i - 1));
    EXPECT_EQ(Read(), i);
  }
  stream_->WritesDone();
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(FrameStreamTest, AFailureEndsTheStreamAfterTheFramesBeforeIt) {
  Write(1);
  Write(2);
  Write(3);
  service_.LetGo(2);
  service_.LetGo(1, InvalidField("items", "must be better"));
  service_.LetGo(0);
  EXPECT_EQ(Read(), 1);
  EXPECT_EQ(Read(), -1);
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(FrameStreamTest, ClosingAnswersWhatWasRead) {
  Write(1);
  service_.Await(1);
  service_.streams.Close(absl::UnavailableError("draining"));
  service_.LetGo(0);
  EXPECT_EQ(Read(), 1);
  EXPECT_EQ(Read(), -1);
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(FrameStreamTest, ACancelledStreamWaitsForItsFrames) {
  Write(1);
  service_.Await(1);
  context_.TryCancel();
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  service_.LetGo(0);
}

}  // namespace
}  // namespace crier::rpc
