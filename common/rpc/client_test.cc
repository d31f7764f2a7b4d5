// Channels, and what they make of servers that come and go.
#include "common/rpc/client.h"

#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/http/test_server.h"
#include "common/rpc/rpc_test.h"

namespace crier::rpc {
namespace {

using ChannelTest = RpcTest;

TEST_F(ChannelTest, AChannelMayTurnAwayFromAServerThatIsNotReady) {
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

TEST_F(ChannelTest, ComesBackSoonAfterTheServerDoes) {
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

TEST_F(ChannelTest, GivesAReplicaUpThatStandsStill) {
  http::TestServer stopped([](http::TestConnection& connection) {
    connection.Write(absl::string_view("\0\0\0\4\0\0\0\0\0", 9));  // empty HTTP/2 settings
    while (!connection.ReadRequest().empty()) {
    }
  });
  const auto stub = EventService::NewStub(Connect(absl::StrCat("127.0.0.1:", stopped.port())));
  LogHead head;

  const absl::Status status = Call(*stub, &EventService::Stub::GetLogHead, GetLogHeadRequest(),
                                   head, absl::Now() + absl::Seconds(20));

  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

TEST_F(ChannelTest, IgnoresTheProxyOfTheEnvironment) {
  ASSERT_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  const auto server = StartOrDie({});

  EXPECT_EQ(Health(Connect(AddressOf(*server)), "liveness"), "SERVING");

  unsetenv("http_proxy");
}

}  // namespace
}  // namespace crier::rpc
