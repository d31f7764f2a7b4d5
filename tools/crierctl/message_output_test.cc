#include "tools/crierctl/message_output.h"

#include "crier/delivery/v1/delivery_service.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::crier::delivery::v1::Exchange;
using ::testing::HasSubstr;

Exchange Succeeded() {
  Exchange exchange;
  exchange.set_outcome(Exchange::SUCCEEDED);
  exchange.set_url("https://example.com/hook");
  exchange.mutable_duration()->set_nanos(35000000);
  auto* const header = exchange.add_request_headers();
  header->set_name("content-type");
  header->set_value("application/json");
  exchange.set_request_body(R"({"type":"contact"})");
  exchange.set_response_status(201);
  exchange.set_response_body("thanks\x1b[2J");
  return exchange;
}

TEST(ExchangeText, ShowsBothSides) {
  EXPECT_EQ(ExchangeText(Succeeded()),
            "POST https://example.com/hook\n"
            "content-type: application/json\n"
            "\n"
            "{\n  \"type\": \"contact\"\n}\n"
            "\n"
            "accepted (201) in 35 ms\n"
            "\n"
            "thanks\uFFFD[2J\n");
}

TEST(ExchangeText, TellsWhereTheTimeWent) {
  Exchange exchange = Succeeded();
  exchange.set_remote_address("203.0.113.9");
  exchange.mutable_timings()->mutable_resolved()->set_nanos(1'000'000);
  exchange.mutable_timings()->mutable_connected()->set_nanos(12'000'000);
  exchange.mutable_timings()->mutable_first_byte()->set_seconds(2);

  EXPECT_THAT(ExchangeText(exchange),
              HasSubstr("accepted (201) in 35 ms\n"
                        "from 203.0.113.9: resolved 1 ms, connected 12 ms, first byte 2.0 s\n"));
}

TEST(ExchangeText, SaysWhyThereIsNoResponse) {
  Exchange exchange;
  exchange.set_outcome(Exchange::TLS_FAILED);
  exchange.set_error("the certificate has expired");

  EXPECT_THAT(ExchangeText(exchange),
              HasSubstr("TLS failed in 0 ms\nthe certificate has expired\n"));
}

TEST(OutcomeText, TellsStatusOnlyWhereThereIsOne) {
  Exchange exchange;
  exchange.set_outcome(Exchange::REFUSED);
  exchange.set_response_status(500);
  EXPECT_EQ(OutcomeText(exchange), "refused (500)");
  exchange.set_outcome(Exchange::TIMED_OUT);
  EXPECT_EQ(OutcomeText(exchange), "timed out");
}

TEST(MessageJson, IsProtobufJson) {
  Exchange exchange;
  exchange.set_outcome(Exchange::REFUSED);
  exchange.set_response_status(500);

  EXPECT_EQ(MessageJson(exchange),
            "{\n  \"outcome\": \"REFUSED\",\n  \"responseStatus\": 500\n}\n");
}

TEST(MessageJson, AnEmptyPageHasAnEmptyList) {
  EXPECT_EQ(MessageJson(delivery::v1::ListWebhooksResponse()), "{\n  \"webhooks\": []\n}\n");
}

TEST(CountsJson, HasTheZeros) {
  const std::string json = CountsJson(delivery::v1::WebhookHealth());

  EXPECT_THAT(json, HasSubstr("\"attemptCount\": 0"));
  EXPECT_THAT(json, HasSubstr("\"pendingCount\": 0"));
}

TEST(TimeText, IsEmptyWhenUnset) {
  google::protobuf::Timestamp time;
  time.set_seconds(1681726886);
  EXPECT_EQ(TimeText(time, true), "2023-04-17 10:21:26Z");
  EXPECT_EQ(TimeText(time, false), "");
}

}  // namespace
}  // namespace crier::crierctl
