#include "services/delivery/sending/http_sender.h"

#include <netinet/in.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/http/test_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

using http::AnswerWith;
using http::TestConnection;
using http::TestServer;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

// Permits http to the local machine, on any port, by number and by name.
TargetPolicy LocalTargets() {
  TargetPolicy settings;
  settings.allow_http = true;
  settings.allowed_targets = {"127.0.0.0/8"};
  settings.allowed_ports = {"1-65535"};
  settings.allowed_hosts = {"receiver"};
  return settings;
}

// Every name leads to 127.0.0.1, except `unknown.example.com`.
absl::StatusOr<std::vector<sockaddr_storage>> ResolveLocally(const std::string& host) {
  if (host == "unknown.example.com") return absl::NotFoundError("no such name");
  sockaddr_storage address = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return std::vector<sockaddr_storage>{address};
}

class HttpSenderTest : public testing::Test {
 protected:
  explicit HttpSenderTest(const TargetPolicy& settings = LocalTargets())
      : policy_(*UrlPolicy::Create(settings)) {
    http::ClientOptions options;
    options.resolver = ResolveLocally;
    sender_.emplace(policy_, options);
  }

  AttemptResult Send(const std::string& url, absl::Duration timeout = absl::Seconds(15)) {
    AttemptRequest request;
    request.url = url;
    request.headers = {{"content-type", "application/json"}, {"webhook-id", "msg_1"}};
    request.body = R"({"a":1})";
    request.timeout = timeout;
    AttemptResult result;
    absl::Notification done;
    sender_->Send(request, 7, [&](AttemptResult sent) {
      result = std::move(sent);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  static std::string Url(const TestServer& server) {
    return absl::StrCat("http://127.0.0.1:", server.port(), "/hook");
  }

  const UrlPolicy policy_;
  std::optional<HttpSender> sender_;
};

// A server's policy: nothing but what is public.
class StrictHttpSenderTest : public HttpSenderTest {
 protected:
  StrictHttpSenderTest() : HttpSenderTest(Settings()) {}

  static TargetPolicy Settings() {
    TargetPolicy settings = LocalTargets();
    settings.allowed_targets.clear();
    return settings;
  }
};

TEST_F(HttpSenderTest, SendsTheRequestAsItIs) {
  std::string received;
  absl::Notification arrived;
  TestServer server([&](TestConnection& connection) {
    received = connection.ReadRequest();
    arrived.Notify();
    connection.Write("HTTP/1.1 201 Created\r\nX-Trace: t1\r\nContent-Length: 2\r\n\r\nok");
  });

  const AttemptResult result = Send(Url(server));

  arrived.WaitForNotification();
  EXPECT_THAT(received, AllOf(HasSubstr("POST /hook HTTP/1.1\r\n"),
                              HasSubstr("content-type: application/json\r\nwebhook-id: msg_1\r\n"),
                              HasSubstr("\r\n\r\n{\"a\":1}")));
  EXPECT_EQ(result.outcome, Outcome::kSucceeded);
  EXPECT_EQ(result.status, 201);
  EXPECT_THAT(result.headers, Contains(Header{"x-trace", "t1"}));
  EXPECT_EQ(result.body, "ok");
  EXPECT_EQ(result.error, "");
  EXPECT_GT(result.duration, absl::ZeroDuration());
}

TEST_F(HttpSenderTest, EveryStatusOutsideOf200To299IsARefusal) {
  for (const auto& [status, expected] :
       std::vector<std::pair<int, Outcome>>{{200, Outcome::kSucceeded},
                                            {299, Outcome::kSucceeded},
                                            {300, Outcome::kRefused},
                                            {404, Outcome::kRefused},
                                            {500, Outcome::kRefused}}) {
    TestServer server(
        AnswerWith(absl::StrCat("HTTP/1.1 ", status, " S\r\nContent-Length: 0\r\n\r\n")));

    const AttemptResult result = Send(Url(server));

    EXPECT_EQ(result.outcome, expected) << status;
    EXPECT_EQ(result.status, status);
    if (expected == Outcome::kRefused) {
      EXPECT_THAT(result.error, HasSubstr(absl::StrCat(status)));
    }
  }
}

TEST_F(HttpSenderTest, RedirectsAreRefusals) {
  TestServer elsewhere(AnswerWith(http::OkResponse("")));
  TestServer server(AnswerWith(absl::StrCat("HTTP/1.1 307 T\r\nLocation: ", Url(elsewhere),
                                            "\r\nContent-Length: 0\r\n\r\n")));

  const AttemptResult result = Send(Url(server));

  EXPECT_EQ(result.outcome, Outcome::kRefused);
  EXPECT_EQ(result.status, 307);
  EXPECT_THAT(result.error, HasSubstr("redirects are not followed"));
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(HttpSenderTest, SilenceIsATimeOut) {
  TestServer server([](TestConnection& connection) {
    connection.ReadRequest();
    connection.WaitForClose(absl::Seconds(30));
  });

  const AttemptResult result = Send(Url(server), absl::Milliseconds(100));

  EXPECT_EQ(result.outcome, Outcome::kTimedOut);
  EXPECT_NE(result.error, "");
}

TEST_F(HttpSenderTest, ClosedPortIsUnreachable) {
  std::optional<TestServer> server(AnswerWith(""));
  const std::string url = Url(*server);
  server.reset();

  const AttemptResult result = Send(url);

  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_THAT(result.error, HasSubstr("refused"));
}

TEST_F(HttpSenderTest, UntrustedCertificateIsATlsFailure) {
  const auto certificate = http::MakeCertificate("receiver", absl::Hours(-1), absl::Hours(1));
  TestServer server(AnswerWith(http::OkResponse("")), certificate.certificate_and_key);

  const AttemptResult result = Send(absl::StrCat("https://receiver:", server.port(), "/"));

  EXPECT_EQ(result.outcome, Outcome::kTlsFailed);
  EXPECT_THAT(result.error, HasSubstr("certificate"));
}

TEST_F(StrictHttpSenderTest, RefusedTargetReadsLikeAnUnknownName) {
  TestServer server(AnswerWith(http::OkResponse("")));
  const AttemptResult unknown = Send("http://unknown.example.com/");

  const AttemptResult by_name = Send(absl::StrCat("http://a.example.net:", server.port(), "/"));
  const AttemptResult by_number = Send(Url(server));

  for (const AttemptResult& refused : {by_name, by_number}) {
    EXPECT_EQ(refused.outcome, Outcome::kUnreachable);
    EXPECT_EQ(refused.error, unknown.error);
    EXPECT_EQ(refused.status, 0);
  }
  EXPECT_EQ(unknown.outcome, Outcome::kUnreachable);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpSenderTest, AsksThePolicyAgainForUrlsThatWereSaved) {
  const AttemptResult result = Send("ftp://127.0.0.1/");

  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
}

TEST_F(HttpSenderTest, EndsWhatIsUnderWayWhenItGoes) {
  absl::Notification arrived, answered;
  TestServer server([&](TestConnection& connection) {
    connection.ReadRequest();
    arrived.Notify();
    connection.WaitForClose(absl::Seconds(30));
  });
  AttemptRequest request;
  request.url = Url(server);
  AttemptResult result;
  sender_->Send(request, 7, [&](AttemptResult sent) {
    result = std::move(sent);
    answered.Notify();
  });
  arrived.WaitForNotification();

  sender_.reset();

  ASSERT_TRUE(answered.HasBeenNotified());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
}

}  // namespace
}  // namespace crier::delivery
