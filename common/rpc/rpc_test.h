// A server over real sockets with one method, of which the test says what it does.
#ifndef CRIER_COMMON_RPC_RPC_TEST_H_
#define CRIER_COMMON_RPC_RPC_TEST_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/rpc/client.h"
#include "common/rpc/executor.h"
#include "common/rpc/server.h"
#include "common/rpc/unary.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "gtest/gtest.h"

namespace crier::rpc {

using crier::ingest::v1::EventService;
using crier::ingest::v1::GetLogHeadRequest;
using crier::ingest::v1::LogHead;

inline constexpr absl::Duration kPatience = absl::Seconds(30);

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

inline ServerOptions LocalOptions() {
  ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  options.drain_grace = kPatience;
  return options;
}

inline std::unique_ptr<Server> StartOrDie(const std::vector<grpc::Service*>& services,
                                          ServerOptions options = LocalOptions()) {
  auto server = Server::Start(std::move(options), services);
  if (!server.ok()) throw std::runtime_error(server.status().ToString());
  return *std::move(server);
}

inline std::string AddressOf(const Server& server) {
  return absl::StrCat("127.0.0.1:", server.port());
}

// A call with bytes in place of messages.
inline absl::StatusOr<std::string> RawCall(const std::shared_ptr<grpc::Channel>& channel,
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
inline std::string Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  const std::string request =
      name.empty() ? ""
                   : absl::StrCat("\x0a", std::string(1, static_cast<char>(name.size())), name);
  const auto response = RawCall(channel, "/grpc.health.v1.Health/Check", request);
  if (!response.ok()) return absl::StatusCodeToString(response.status().code());
  if (*response == "\x08\x01") return "SERVING";
  if (*response == "\x08\x02") return "NOT_SERVING";
  return "?";
}

class RpcTest : public testing::Test {
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

  // A server whose GetLogHead runs `start` through StartUnary, on the executor.
  void ServeAsyncOnExecutor(
      std::function<absl::Status(const CallContext&, LogHead&, const FinishCall&)> start) {
    events_ =
        std::make_unique<FakeEvents>([this, start](grpc::CallbackServerContext* context,
                                                   const GetLogHeadRequest*, LogHead* response) {
          server_context_ = context;
          return StartUnary(context, executor_,
                            [start, response](const CallContext& call, const FinishCall& finish) {
                              return start(call, *response, finish);
                            });
        });
    server_ = StartOrDie({events_.get()});
  }

  // Keeps the executor's thread until `release_`; its queue has room for one more.
  void OccupyExecutor() {
    ASSERT_TRUE(executor_.TrySubmit([this] {
      busy_.Notify();
      release_.WaitForNotification();
    }));
    busy_.WaitForNotification();  // until then it takes the queue's only place
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

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_RPC_TEST_H_
