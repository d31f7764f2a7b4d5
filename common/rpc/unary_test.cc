// Handlers of unary calls, over real sockets.
#include "common/rpc/unary.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/rpc/rpc_test.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"

namespace crier::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;

// A call whose caller loses interest.
class CancelledCall {
 public:
  explicit CancelledCall(const std::string& address)
      : stub_(EventService::NewStub(Connect(address))) {
    stub_->async()->GetLogHead(&context_, &request_, &head_, [this](grpc::Status status) {
      status_ = FromGrpc(status);
      done_.Notify();
    });
  }

  absl::Status Cancel() {
    context_.TryCancel();
    done_.WaitForNotification();
    return status_;
  }

 private:
  const std::unique_ptr<EventService::Stub> stub_;
  grpc::ClientContext context_;
  const GetLogHeadRequest request_;
  LogHead head_;
  absl::Status status_;
  absl::Notification done_;
};

class UnaryTest : public RpcTest {
 protected:
  // A call that its caller cancels while it waits for the executor.
  absl::Status CancelInQueue() {
    OccupyExecutor();
    CancelledCall call(AddressOf(*server_));
    while (server_context_ == nullptr) std::this_thread::yield();
    absl::Status status = call.Cancel();
    while (!server_context_.load()->IsCancelled()) std::this_thread::yield();
    release_.Notify();
    server_->Drain();
    return status;
  }
};

TEST_F(UnaryTest, AnswersACall) {
  Serve([](const CallContext&, const GetLogHeadRequest& request, LogHead& head) {
    head.set_position(static_cast<int64_t>(request.community().size()));
    return absl::OkStatus();
  });

  LogHead head;
  ASSERT_EQ(GetLogHead(head), absl::OkStatus());
  EXPECT_EQ(head.position(), 13);
}

TEST_F(UnaryTest, ErrorsArriveWithTheirDetails) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    return InvalidField("community", "must be communities/{number}");
  });

  EXPECT_EQ(GetLogHead(), InvalidField("community", "must be communities/{number}"));
}

TEST_F(UnaryTest, ExceptionsBecomeInternalErrors) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) -> absl::Status {
    throw std::runtime_error("the secret cause");
  });

  const absl::Status status = GetLogHead();

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST_F(UnaryTest, HandlersHearTheDeadlineOfTheCall) {
  absl::Duration left;
  Serve([&left](const CallContext& call, const GetLogHeadRequest&, LogHead&) {
    left = call.deadline - absl::Now();
    return absl::OkStatus();
  });
  LogHead head;

  ASSERT_EQ(GetLogHead(head, absl::Now() + absl::Seconds(20)), absl::OkStatus());
  EXPECT_GT(left, absl::Seconds(10));
  EXPECT_LE(left, absl::Seconds(21));

  ASSERT_EQ(GetLogHead(head, absl::InfiniteFuture()), absl::OkStatus());
  EXPECT_GT(left, absl::Seconds(1));
  EXPECT_LE(left, absl::Seconds(10));

  ASSERT_EQ(GetLogHead(head, absl::Now() + absl::Hours(5)), absl::OkStatus());
  EXPECT_GT(left, absl::Seconds(30));
  EXPECT_LE(left, absl::Seconds(60));
}

TEST_F(UnaryTest, ShedsCallsWhenTheExecutorIsFull) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) { return absl::OkStatus(); });
  OccupyExecutor();
  ASSERT_TRUE(executor_.TrySubmit([] {}));

  const absl::Status status = GetLogHead();
  release_.Notify();

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(status), "OVERLOADED");
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.RetryInfo");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(payload && retry.ParseFromString(std::string(*payload)));
  EXPECT_GT(retry.retry_delay().seconds(), 0);
}

TEST_F(UnaryTest, DoesNotRunWhatItsCallerHasGivenUp) {
  std::atomic<bool> ran = false;
  Serve([&ran](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    ran = true;
    return absl::OkStatus();
  });

  EXPECT_EQ(CancelInQueue().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(ran);
}

TEST_F(UnaryTest, DoesNotStartOnTheExecutorWhatItsCallerHasGivenUp) {
  std::atomic<bool> ran = false;
  ServeAsyncOnExecutor([&ran](const CallContext&, LogHead&, const FinishCall& finish) {
    ran = true;
    finish(absl::OkStatus());
    return absl::OkStatus();
  });

  EXPECT_EQ(CancelInQueue().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(ran);
}

// Under the address sanitizer: request and response outlive the caller's interest.
TEST_F(UnaryTest, AHandlerMayWriteItsResponseAfterTheCallerHasGone) {
  Serve([&](const CallContext&, const GetLogHeadRequest& request, LogHead& head) {
    running_.Notify();
    cancelled_.WaitForNotification();
    head.set_position(static_cast<int64_t>(request.community().size()));
    return absl::OkStatus();
  });

  CancelledCall call(AddressOf(*server_));
  running_.WaitForNotification();
  EXPECT_EQ(call.Cancel().code(), absl::StatusCode::kCancelled);
  while (!server_context_.load()->IsCancelled()) std::this_thread::yield();
  cancelled_.Notify();
  server_->Drain();  // waits for the handler
}

TEST_F(UnaryTest, AnAsynchronousHandlerFinishesFromAnyThread) {
  std::thread worker;
  absl::Notification can_be_joined;
  ServeAsync([&](const CallContext&, LogHead& head, FinishCall finish) {
    worker = std::thread([&, finish = std::move(finish)] {
      can_be_joined.WaitForNotification();
      head.set_position(9);
      finish(absl::OkStatus());
    });
    can_be_joined.Notify();
  });

  LogHead head;
  EXPECT_EQ(GetLogHead(head), absl::OkStatus());
  EXPECT_EQ(head.position(), 9);
  worker.join();
}

TEST_F(UnaryTest, WhatBeginsOnTheExecutorFinishesFromAnyThread) {
  std::thread worker;
  absl::Notification can_be_joined;
  ServeAsyncOnExecutor([&](const CallContext&, LogHead& head, const FinishCall& finish) {
    worker = std::thread([&, finish] {
      can_be_joined.WaitForNotification();
      head.set_position(9);
      finish(absl::OkStatus());
    });
    can_be_joined.Notify();
    return absl::OkStatus();
  });

  LogHead head;
  EXPECT_EQ(GetLogHead(head), absl::OkStatus());
  EXPECT_EQ(head.position(), 9);
  worker.join();
}

TEST_F(UnaryTest, AFailureAtTheBeginningFinishesTheCall) {
  ServeAsyncOnExecutor([](const CallContext&, LogHead&, const FinishCall&) {
    return InvalidField("community", "must be communities/{number}");
  });

  EXPECT_EQ(GetLogHead(), InvalidField("community", "must be communities/{number}"));
}

TEST_F(UnaryTest, AnExceptionAtTheBeginningIsAnInternalError) {
  ServeAsyncOnExecutor([](const CallContext&, LogHead&, const FinishCall&) -> absl::Status {
    throw std::runtime_error("x");
  });

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kInternal);
}

TEST_F(UnaryTest, TheFirstFinishCounts) {
  ServeAsync([](const CallContext&, LogHead&, FinishCall finish) {
    finish(absl::NotFoundError("first"));
    finish(absl::OkStatus());
  });

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kNotFound);
}

TEST_F(UnaryTest, ACallThatNobodyFinishesIsAnInternalError) {
  ServeAsync([](const CallContext&, LogHead&, FinishCall) {});

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kInternal);
}

TEST_F(UnaryTest, AnExceptionOfAnAsynchronousHandlerIsAnInternalError) {
  ServeAsync([](const CallContext&, LogHead&, FinishCall) { throw std::runtime_error("x"); });

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace crier::rpc
