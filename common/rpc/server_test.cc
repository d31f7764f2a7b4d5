// The server, its handlers and channels to it, over real sockets.
#include "common/rpc/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/executor.h"
#include "common/rpc/unary.h"
#include "common/status/errors.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace crier::rpc {
namespace {

using crier::ingest::v1::EventService;
using crier::ingest::v1::GetLogHeadRequest;
using crier::ingest::v1::LogHead;
using testing::HasSubstr;
using testing::Not;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr char kGetLogHead[] = "/crier.ingest.v1.EventService/GetLogHead";

// Any service will do; the test says what its one method does.
class FakeEvents : public EventService::CallbackService {
 public:
  using Handler = std::function<grpc::ServerUnaryReactor*(grpc::CallbackServerContext*,
                                                          const GetLogHeadRequest*, LogHead*)>;

  explicit FakeEvents(Handler handler) : handler_(std::move(handler)) {}

  grpc::ServerUnaryReactor* GetLogHead(grpc::CallbackServerContext* context,
                                       const GetLogHeadRequest* request,
                                       LogHead* response) override {
    return handler_(context, request, response);
  }

 private:
  const Handler handler_;
};

ServerOptions LocalOptions() {
  ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  options.drain_grace = kPatience;
  return options;
}

std::unique_ptr<Server> StartOrDie(const std::vector<grpc::Service*>& services,
                                   ServerOptions options = LocalOptions()) {
  auto server = Server::Start(std::move(options), services);
  if (!server.ok()) throw std::runtime_error(server.status().ToString());
  return *std::move(server);
}

std::string AddressOf(const Server& server) { return absl::StrCat("127.0.0.1:", server.port()); }

// A call with bytes in place of messages.
absl::StatusOr<std::string> RawCall(const std::shared_ptr<grpc::Channel>& channel,
                                    const std::string& method, const std::string& bytes) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, method, {}, &request, &response, [&](grpc::Status result) {
    status = std::move(result);
    done.Notify();
  });
  done.WaitForNotification();
  if (!status.ok()) return FromGrpc(status);
  if (!response.TrySingleSlice(&slice).ok()) response.DumpToSingleSlice(&slice);
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

// What the standard health service says of a name; the protocol's messages by hand, as their
// generated classes are in no package.
std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  const std::string request =
      name.empty() ? ""
                   : absl::StrCat("\x0a", std::string(1, static_cast<char>(name.size())), name);
  const auto response = RawCall(channel, "/grpc.health.v1.Health/Check", request);
  if (!response.ok()) return absl::StatusCodeToString(response.status().code());
  if (*response == "\x08\x01") return "SERVING";
  if (*response == "\x08\x02") return "NOT_SERVING";
  return "?";
}

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

class RpcServerTest : public testing::Test {
 protected:
  // A server whose GetLogHead runs `work` through RunUnary.
  void Serve(
      std::function<absl::Status(const CallContext&, const GetLogHeadRequest&, LogHead&)> work,
      ServerOptions options = LocalOptions()) {
    events_ = std::make_unique<FakeEvents>([this, work](grpc::CallbackServerContext* context,
                                                        const GetLogHeadRequest* request,
                                                        LogHead* response) {
      server_context_ = context;
      return RunUnary(context, executor_,
                      [=](const CallContext& call) { return work(call, *request, *response); });
    });
    server_ = StartOrDie({events_.get()}, std::move(options));
  }

  // A server whose GetLogHead runs `start` through StartUnary.
  void ServeAsync(std::function<void(const CallContext&, LogHead&, FinishCall)> start) {
    events_ = std::make_unique<FakeEvents>(
        [start](grpc::CallbackServerContext* context, const GetLogHeadRequest*, LogHead* response) {
          return StartUnary(context, [&](const CallContext& call, FinishCall finish) {
            start(call, *response, std::move(finish));
          });
        });
    server_ = StartOrDie({events_.get()});
  }

  absl::Status GetLogHead(LogHead& head, absl::Time deadline = absl::Now() + kPatience) {
    const auto stub = EventService::NewStub(Connect(AddressOf(*server_)));
    GetLogHeadRequest request;
    request.set_community("communities/7");
    return Call(*stub, &EventService::Stub::GetLogHead, request, head, deadline);
  }

  absl::Status GetLogHead() {
    LogHead head;
    return GetLogHead(head);
  }

  // Declared before the threads that wait for them.
  absl::Notification busy_, running_, cancelled_, release_;
  std::atomic<grpc::CallbackServerContext*> server_context_ = nullptr;
  std::unique_ptr<FakeEvents> events_;
  Executor executor_{{.threads = 1, .queue_capacity = 1}};
  std::unique_ptr<Server> server_;
};

TEST_F(RpcServerTest, AnswersACall) {
  Serve([](const CallContext&, const GetLogHeadRequest& request, LogHead& head) {
    head.set_position(static_cast<int64_t>(request.community().size()));
    return absl::OkStatus();
  });

  LogHead head;
  ASSERT_EQ(GetLogHead(head), absl::OkStatus());
  EXPECT_EQ(head.position(), 13);
}

TEST_F(RpcServerTest, AnswersACallInsideOfTheProcess) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead& head) {
    head.set_position(5);
    return absl::OkStatus();
  });

  const auto stub = EventService::NewStub(server_->InProcessChannel());
  LogHead head;
  ASSERT_EQ(Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(), head,
                 absl::Now() + kPatience),
            absl::OkStatus());
  EXPECT_EQ(head.position(), 5);
}

TEST_F(RpcServerTest, AChannelMayTurnAwayFromAServerThatIsNotReady) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) { return absl::OkStatus(); });
  ClientOptions options;
  options.watch_readiness = true;
  const auto stub = EventService::NewStub(Connect(AddressOf(*server_), options));
  const auto call = [&] {
    LogHead head;
    return Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(), head,
                absl::Now() + kPatience)
        .code();
  };

  EXPECT_EQ(call(), absl::StatusCode::kUnavailable);
  server_->SetReady(true);
  while (call() != absl::StatusCode::kOk) std::this_thread::yield();
  server_->SetReady(false);
  while (call() != absl::StatusCode::kUnavailable) std::this_thread::yield();
  EXPECT_EQ(GetLogHead(), absl::OkStatus()) << "others are answered all the same";
}

TEST_F(RpcServerTest, ErrorsArriveWithTheirDetails) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    return InvalidField("community", "must be communities/{number}");
  });

  EXPECT_EQ(GetLogHead(), InvalidField("community", "must be communities/{number}"));
}

TEST_F(RpcServerTest, ExceptionsBecomeInternalErrors) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) -> absl::Status {
    throw std::runtime_error("the secret cause");
  });

  const absl::Status status = GetLogHead();

  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST_F(RpcServerTest, HandlersHearTheDeadlineOfTheCall) {
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

TEST_F(RpcServerTest, ShedsCallsWhenTheExecutorIsFull) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) { return absl::OkStatus(); });
  ASSERT_TRUE(executor_.TrySubmit([this] {
    busy_.Notify();
    release_.WaitForNotification();
  }));
  busy_.WaitForNotification();
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

TEST_F(RpcServerTest, DoesNotRunWhatItsCallerHasGivenUp) {
  std::atomic<bool> ran = false;
  Serve([&ran](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    ran = true;
    return absl::OkStatus();
  });
  ASSERT_TRUE(executor_.TrySubmit([this] {
    busy_.Notify();
    release_.WaitForNotification();
  }));
  busy_.WaitForNotification();  // until then it takes the queue's only place

  CancelledCall call(AddressOf(*server_));
  while (server_context_ == nullptr) std::this_thread::yield();
  const absl::Status status = call.Cancel();
  while (!server_context_.load()->IsCancelled()) std::this_thread::yield();
  release_.Notify();
  server_->Drain();

  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(ran);
}

// Under the address sanitizer: request and response outlive the caller's interest.
TEST_F(RpcServerTest, AHandlerMayWriteItsResponseAfterTheCallerHasGone) {
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

TEST_F(RpcServerTest, AnAsynchronousHandlerFinishesFromAnyThread) {
  std::thread worker;
  ServeAsync([&worker](const CallContext&, LogHead& head, FinishCall finish) {
    worker = std::thread([&head, finish = std::move(finish)] {
      head.set_position(9);
      finish(absl::OkStatus());
    });
  });

  LogHead head;
  EXPECT_EQ(GetLogHead(head), absl::OkStatus());
  EXPECT_EQ(head.position(), 9);
  worker.join();
}

TEST_F(RpcServerTest, TheFirstFinishCounts) {
  ServeAsync([](const CallContext&, LogHead&, FinishCall finish) {
    finish(absl::NotFoundError("first"));
    finish(absl::OkStatus());
  });

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kNotFound);
}

TEST_F(RpcServerTest, ACallThatNobodyFinishesIsAnInternalError) {
  ServeAsync([](const CallContext&, LogHead&, FinishCall) {});

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kInternal);
}

TEST_F(RpcServerTest, AnExceptionOfAnAsynchronousHandlerIsAnInternalError) {
  ServeAsync([](const CallContext&, LogHead&, FinishCall) { throw std::runtime_error("x"); });

  EXPECT_EQ(GetLogHead().code(), absl::StatusCode::kInternal);
}

TEST_F(RpcServerTest, NamesTheFieldThatIsNotUtf8) {
  bool ran = false;
  Serve([&ran](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    ran = true;
    return absl::OkStatus();
  });

  const auto response = RawCall(Connect(AddressOf(*server_)), kGetLogHead, "\x0a\x02\xff\xfe");

  EXPECT_EQ(response.status(),
            InvalidField("crier.ingest.v1.GetLogHeadRequest.community", "must be valid UTF-8"));
  EXPECT_FALSE(ran);
}

TEST_F(RpcServerTest, RefusesBytesThatAreNoMessage) {
  bool ran = false;
  Serve([&ran](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    ran = true;
    return absl::OkStatus();
  });
  const auto channel = Connect(AddressOf(*server_));
  ASSERT_FALSE(RawCall(channel, kGetLogHead, "\x0a\x02\xff\xfe").ok());

  // Ends within the string that it announces.
  const auto response = RawCall(channel, kGetLogHead, "\x0a\x7f\x61");

  EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(response.status()), "MALFORMED_REQUEST");
  EXPECT_FALSE(ran);
}

TEST_F(RpcServerTest, RefusesOversizedRequests) {
  ServerOptions options = LocalOptions();
  options.max_message_bytes = 1000;
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) { return absl::OkStatus(); },
        options);
  GetLogHeadRequest request;
  request.set_community(std::string(1001, 'x'));
  LogHead head;

  const auto stub = EventService::NewStub(Connect(AddressOf(*server_)));
  const absl::Status status =
      Call(*stub, &EventService::Stub::GetLogHead, request, head, absl::Now() + kPatience);

  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(RpcServer, HealthFollowsReadiness) {
  const auto server = StartOrDie({});
  const auto channel = Connect(AddressOf(*server));

  EXPECT_EQ(Health(channel, "liveness"), "SERVING");
  EXPECT_EQ(Health(channel, "readiness"), "NOT_SERVING");
  EXPECT_EQ(Health(channel, ""), "NOT_SERVING");
  EXPECT_EQ(Health(channel, "other"), "NOT_FOUND");

  server->SetReady(true);
  EXPECT_EQ(Health(channel, "readiness"), "SERVING");
  EXPECT_EQ(Health(channel, ""), "SERVING");

  server->SetReady(false);
  EXPECT_EQ(Health(channel, "readiness"), "NOT_SERVING");
  EXPECT_EQ(Health(channel, "liveness"), "SERVING");
}

TEST_F(RpcServerTest, ReflectionListsTheServices) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) { return absl::OkStatus(); });

  // ServerReflectionRequest{list_services: "*"}; one request of the stream is all there is.
  const auto response =
      RawCall(Connect(AddressOf(*server_)),
              "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(*response, HasSubstr("crier.ingest.v1.EventService"));
}

TEST(RpcServer, APortThatIsTakenIsRefused) {
  const auto first = StartOrDie({});
  ServerOptions options;
  options.listen_address = AddressOf(*first);

  const auto second = Server::Start(options, {});

  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(options.listen_address));
}

TEST_F(RpcServerTest, DrainLetsRunningCallsFinishAndTakesNoNewOnes) {
  Serve([&](const CallContext&, const GetLogHeadRequest&, LogHead&) {
    running_.Notify();
    release_.WaitForNotification();
    return absl::OkStatus();
  });
  server_->SetReady(true);
  absl::Status in_flight;
  std::thread caller([&] { in_flight = GetLogHead(); });
  running_.WaitForNotification();

  std::thread drain([&] { server_->Drain(); });
  // Refused as soon as the drain has begun: no listener, and a GOAWAY on open connections.
  LogHead head;
  while (!absl::IsUnavailable(GetLogHead(head, absl::Now() + absl::Milliseconds(100)))) {
  }
  server_->SetReady(true);  // too late; changes nothing
  release_.Notify();
  caller.join();
  drain.join();

  EXPECT_EQ(in_flight, absl::OkStatus());
}

TEST_F(RpcServerTest, DrainCancelsWhatOutlastsTheGrace) {
  ServerOptions options = LocalOptions();
  options.drain_grace = absl::Milliseconds(50);
  Serve(
      [&](const CallContext&, const GetLogHeadRequest&, LogHead&) {
        running_.Notify();
        while (!server_context_.load()->IsCancelled()) std::this_thread::yield();
        return absl::OkStatus();
      },
      options);
  absl::Status in_flight;
  std::thread caller([&] { in_flight = GetLogHead(); });
  running_.WaitForNotification();

  server_->Drain();
  server_->Drain();
  caller.join();

  EXPECT_FALSE(in_flight.ok());
}

TEST(RpcChannel, ComesBackSoonAfterTheServerDoes) {
  FakeEvents events([](grpc::CallbackServerContext* context, const GetLogHeadRequest*, LogHead*) {
    return StartUnary(context, [](const CallContext&, FinishCall finish) { finish({}); });
  });
  auto server = StartOrDie({&events});
  ServerOptions same_port = LocalOptions();
  same_port.listen_address = AddressOf(*server);
  const auto stub = EventService::NewStub(Connect(same_port.listen_address));
  const auto call = [&stub] {
    LogHead head;
    return Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(), head,
                absl::Now() + kPatience);
  };
  ASSERT_EQ(call(), absl::OkStatus());

  server.reset();
  EXPECT_EQ(call().code(), absl::StatusCode::kUnavailable);
  server = StartOrDie({&events}, same_port);

  const absl::Time limit = absl::Now() + kPatience;
  while (!call().ok()) ASSERT_LT(absl::Now(), limit);
}

TEST(RpcChannel, IgnoresTheProxyOfTheEnvironment) {
  ASSERT_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  const auto server = StartOrDie({});

  EXPECT_EQ(Health(Connect(AddressOf(*server)), "liveness"), "SERVING");

  unsetenv("http_proxy");
}

}  // namespace
}  // namespace crier::rpc
