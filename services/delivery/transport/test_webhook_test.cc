// TestWebhook: samples sent to real receivers.
#include <map>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/api/time.h"
#include "common/http/test_server.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/delivery/domain/attempts/signer.h"
#include "services/delivery/domain/payloads/samples.h"
#include "services/delivery/transport/webhook_service_test.h"

namespace crier::delivery::transport {
namespace {

using http::AnswerWith;
using http::OkResponse;
using http::TestConnection;
using http::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string Url(const TestServer& server) {
  return absl::StrCat("http://127.0.0.1:", server.port(), "/hook");
}

std::map<std::string, std::string> Headers(
    const google::protobuf::RepeatedPtrField<v1::Header>& headers) {
  std::map<std::string, std::string> map;
  for (const v1::Header& header : headers) map[header.name()] = header.value();
  return map;
}

class TestWebhookTest : public WebhookServiceTest {
 protected:
  // A test of a webhook that is not saved.
  static v1::TestWebhookRequest Unsaved(const std::string& url) {
    v1::TestWebhookRequest request;
    request.set_parent("communities/7");
    *request.mutable_webhook() = CreateRequest().webhook();
    request.mutable_webhook()->set_url(url);
    request.set_payload_type(v1::CONTACT);
    return request;
  }

  static v1::TestWebhookRequest Saved(const std::string& name) {
    v1::TestWebhookRequest request;
    request.set_parent("communities/7");
    request.set_webhook_name(name);
    request.set_payload_type(v1::CONTACT);
    return request;
  }

  v1::Exchange MustTest(const v1::TestWebhookRequest& request) {
    const auto exchange = Test(request);
    EXPECT_TRUE(exchange.ok()) << exchange.status();
    return exchange.value_or(v1::Exchange());
  }
};

TEST_F(TestWebhookTest, ShowsTheWholeExchange) {
  std::string received;
  absl::Notification arrived;
  TestServer receiver([&](TestConnection& connection) {
    received = connection.ReadRequest();
    arrived.Notify();
    connection.Write(
        "HTTP/1.1 202 Accepted\r\nX-Trace: caf\xe9\r\nContent-Length: 3\r\n\r\n\xff\x01k");
  });

  const v1::Exchange exchange = MustTest(Unsaved(Url(receiver)));

  arrived.WaitForNotification();
  EXPECT_EQ(exchange.outcome(), v1::Exchange::SUCCEEDED);
  EXPECT_EQ(exchange.url(), Url(receiver));
  EXPECT_EQ(api::FromProto(exchange.start_time()), clock_.Now());
  EXPECT_GT(api::FromProto(exchange.duration()), absl::ZeroDuration());
  EXPECT_EQ(exchange.request_headers(0).name(), "content-type");
  EXPECT_EQ(exchange.response_status(), 202);
  EXPECT_EQ(Headers(exchange.response_headers())["x-trace"], "caf\xef\xbf\xbd");
  EXPECT_EQ(exchange.error(), "");
  EXPECT_TRUE(absl::EndsWith(received, absl::StrCat("\r\n\r\n", exchange.request_body())));
  EXPECT_EQ(store_.size(), 0u);
}

TEST_F(TestWebhookTest, SendsTheSampleThatWasAskedFor) {
  TestServer receiver(AnswerWith(OkResponse("")));
  v1::TestWebhookRequest request = Unsaved(Url(receiver));

  for (const auto& [type, sample] :
       std::map<v1::PayloadType, entity::v1::Event>{{v1::CONTACT, SampleContactEvent()},
                                                    {v1::ORGANIZATION, SampleOrganizationEvent()},
                                                    {v1::ACTIVITY, SampleActivityEvent()}}) {
    request.set_payload_type(type);

    EXPECT_EQ(MustTest(request).request_body(),
              *RenderPayload(sample, SampleWorkflow(), {}, kDefaultAppBaseUrl));
  }
  request.set_payload_type(v1::NOTICE);
  EXPECT_EQ(MustTest(request).request_body(), RenderNotice(SampleNotice()));
}

TEST_F(TestWebhookTest, SavedWebhookIsTestedAsItWouldBeDeliveredTo) {
  std::string received;
  absl::Notification arrived;
  TestServer receiver([&](TestConnection& connection) {
    received = connection.ReadRequest();
    arrived.Notify();
    connection.Write(OkResponse(""));
  });
  v1::CreateWebhookRequest create = CreateRequest();
  create.mutable_webhook()->set_url(Url(receiver));
  create.mutable_webhook()->set_secret("s3cret");
  create.mutable_webhook()->set_envelope(true);
  (*create.mutable_webhook()->mutable_custom_headers())["Authorization"] = "Bearer t0ken";
  const v1::Webhook webhook = MustCreate(create);
  const SigningKey key = ParseSigningSecret(webhook.signing_secret()).value();

  const v1::Exchange exchange = MustTest(Saved(webhook.name()));

  arrived.WaitForNotification();
  auto headers = Headers(exchange.request_headers());
  EXPECT_EQ(headers["webhook-timestamp"], "1700000000");
  EXPECT_EQ(headers["webhook-signature"],
            Signatures({key}, headers["webhook-id"], absl::FromUnixSeconds(1700000000),
                       exchange.request_body()));
  EXPECT_THAT(exchange.request_body(), HasSubstr("{\"payload\":{"));
  EXPECT_THAT(received, HasSubstr("x-commonroom-webhook-secret: s3cret\r\n"));
  EXPECT_THAT(received, HasSubstr("authorization: Bearer t0ken\r\n"));
  EXPECT_THAT(exchange.SerializeAsString(), Not(HasSubstr("s3cret")));
  EXPECT_THAT(exchange.SerializeAsString(), Not(HasSubstr("t0ken")));
}

TEST_F(TestWebhookTest, UnsavedWebhooksAreSignedWithKeysOfTheirOwn) {
  TestServer receiver(AnswerWith(OkResponse("")));

  auto first = Headers(MustTest(Unsaved(Url(receiver))).request_headers());
  auto second = Headers(MustTest(Unsaved(Url(receiver))).request_headers());

  EXPECT_TRUE(absl::StartsWith(first["webhook-signature"], "v1,"));
  EXPECT_NE(first["webhook-id"], second["webhook-id"]);
  EXPECT_NE(first["webhook-signature"], second["webhook-signature"]);
}

TEST_F(TestWebhookTest, FailuresOfTheReceiverAreResults) {
  TestServer receiver(AnswerWith("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry"));

  const v1::Exchange exchange = MustTest(Unsaved(Url(receiver)));

  EXPECT_EQ(exchange.outcome(), v1::Exchange::REFUSED);
  EXPECT_EQ(exchange.response_status(), 500);
  EXPECT_EQ(exchange.response_body(), "sorry");
  EXPECT_NE(exchange.error(), "");
}

TEST_F(TestWebhookTest, RedirectsAreNotFollowed) {
  TestServer elsewhere(AnswerWith(OkResponse("")));
  TestServer receiver(AnswerWith(absl::StrCat("HTTP/1.1 302 F\r\nLocation: ", Url(elsewhere),
                                              "\r\nContent-Length: 0\r\n\r\n")));

  const v1::Exchange exchange = MustTest(Unsaved(Url(receiver)));

  EXPECT_EQ(exchange.outcome(), v1::Exchange::REFUSED);
  EXPECT_EQ(exchange.response_status(), 302);
  EXPECT_EQ(Headers(exchange.response_headers())["location"], Url(elsewhere));
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST_F(TestWebhookTest, RefusedConnectionsAreUnreachable) {
  std::optional<TestServer> receiver(AnswerWith(""));
  const std::string url = Url(*receiver);
  receiver.reset();

  const v1::Exchange exchange = MustTest(Unsaved(url));

  EXPECT_EQ(exchange.outcome(), v1::Exchange::UNREACHABLE);
  EXPECT_EQ(exchange.response_status(), 0);
  EXPECT_NE(exchange.error(), "");
}

TEST_F(TestWebhookTest, ReceiversThatKeepSilentTimeOut) {
  TestServer receiver([](TestConnection& connection) {
    connection.ReadRequest();
    connection.WaitForClose(absl::Seconds(30));
  });
  v1::TestWebhookRequest request = Unsaved(Url(receiver));
  request.mutable_webhook()->mutable_request_timeout()->set_seconds(1);

  const v1::Exchange exchange = MustTest(request);

  EXPECT_EQ(exchange.outcome(), v1::Exchange::TIMED_OUT);
  EXPECT_GE(api::FromProto(exchange.duration()), absl::Milliseconds(900));
}

TEST_F(TestWebhookTest, BadRequestsSendNothing) {
  TestServer receiver(AnswerWith(OkResponse("")));
  const auto wrong = [&](const std::function<void(v1::TestWebhookRequest&)>& make) {
    v1::TestWebhookRequest request = Unsaved(Url(receiver));
    make(request);
    const absl::Status status = Test(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return WrongFields(status);
  };
  using Request = v1::TestWebhookRequest;

  EXPECT_THAT(wrong([](Request& r) { r.clear_parent(); }), ElementsAre("parent"));
  EXPECT_THAT(wrong([](Request& r) { r.clear_target(); }), ElementsAre("webhook_name"));
  EXPECT_THAT(wrong([](Request& r) { r.set_webhook_name("x"); }), ElementsAre("webhook_name"));
  EXPECT_THAT(wrong([](Request& r) { r.set_webhook_name("communities/8/webhooks/1"); }),
              ElementsAre("webhook_name"));
  EXPECT_THAT(wrong([](Request& r) { r.clear_payload_type(); }), ElementsAre("payload_type"));
  EXPECT_THAT(wrong([](Request& r) { r.set_payload_type(static_cast<v1::PayloadType>(9)); }),
              ElementsAre("payload_type"));
  EXPECT_THAT(wrong([](Request& r) { r.mutable_webhook()->set_url("https://10.0.0.1/"); }),
              ElementsAre("webhook.url"));
  EXPECT_EQ(receiver.connections(), 0);
}

TEST_F(TestWebhookTest, UnknownWebhooksAreNotFound) {
  EXPECT_EQ(ErrorReason(Test(Saved("communities/7/webhooks/4711")).status()), "WEBHOOK_NOT_FOUND");
}

TEST_F(TestWebhookTest, DatabaseThatIsAwayIsUnavailableForSavedWebhooksOnly) {
  TestServer receiver(AnswerWith(OkResponse("")));
  store_.FailWith(absl::UnavailableError("the database is away"));

  EXPECT_TRUE(absl::IsUnavailable(Test(Saved("communities/7/webhooks/1")).status()));
  EXPECT_TRUE(Test(Unsaved(Url(receiver))).ok());
}

}  // namespace
}  // namespace crier::delivery::transport
