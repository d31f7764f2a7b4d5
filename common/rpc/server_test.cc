#include "common/rpc/server.h"

#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "common/rpc/rpc_test.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"

namespace crier::rpc {
namespace {

using testing::HasSubstr;

constexpr char kGetLogHead[] = "/crier.ingest.v1.EventService/GetLogHead";

using ServerTest = RpcTest;

TEST_F(ServerTest, AnswersACallInsideOfTheProcess) {
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

TEST_F(ServerTest, NamesTheFieldThatIsNotUtf8) {
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

TEST_F(ServerTest, RefusesBytesThatAreNoMessage) {
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

TEST_F(ServerTest, RefusesOversizedRequests) {
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

TEST_F(ServerTest, HealthFollowsReadiness) {
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

TEST_F(ServerTest, ReflectionListsTheServices) {
  Serve([](const CallContext&, const GetLogHeadRequest&, LogHead&) { return absl::OkStatus(); });

  // ServerReflectionRequest{list_services: "*"}; one request of the stream is all there is.
  const auto response =
      RawCall(Connect(AddressOf(*server_)),
              "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(*response, HasSubstr("crier.ingest.v1.EventService"));
}

TEST_F(ServerTest, APortThatIsTakenIsRefused) {
  const auto first = StartOrDie({});
  ServerOptions options;
  options.listen_address = AddressOf(*first);

  const auto second = Server::Start(options, {});

  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(options.listen_address));
}

TEST_F(ServerTest, DrainLetsRunningCallsFinishAndTakesNoNewOnes) {
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

TEST_F(ServerTest, DrainCancelsWhatOutlastsTheGrace) {
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

}  // namespace
}  // namespace crier::rpc
