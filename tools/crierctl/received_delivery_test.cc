#include "tools/crierctl/received_delivery.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidjson/document.h"

namespace crier::crierctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A published vector of Standard Webhooks.
ReceivedDelivery Delivery() {
  return {
      .time = absl::FromUnixSeconds(1614265330),
      .method = "POST",
      .path = "/hook?x=1",
      .headers = {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                  {"webhook-timestamp", "1614265330"},
                  {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
                  {"x-commonroom-webhook-secret", "open sesame"}},
      .body = R"({"test": 2432232314})",
      .answered_status = 200,
  };
}

DeliveryChecks Checks() {
  return {.signature = *SignatureVerifier::FromSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          .secret = "open sesame"};
}

rapidjson::Document Parse(const std::string& line) {
  rapidjson::Document document;
  document.Parse(line.c_str());
  EXPECT_FALSE(document.HasParseError()) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return document;
}

TEST(ReceivedText, ShowsVerdictsAndBody) {
  EXPECT_EQ(ReceivedText(Delivery(), Checks()),
            "── 2021-02-25 15:02:10Z POST /hook?x=1 → 200\n"
            "   id:        msg_p5jXN8AQM9LWM0D4loKWxJek\n"
            "   signature: valid\n"
            "   secret:    as expected\n"
            "{\n  \"test\": 2432232314\n}\n");
}

TEST(ReceivedText, SaysWhatIsWrong) {
  ReceivedDelivery delivery = Delivery();
  delivery.body = "tampered";
  delivery.headers.back().second = "guess";

  const std::string text = ReceivedText(delivery, Checks());

  EXPECT_THAT(text, HasSubstr("signature: INVALID: no v1 signature was made with this secret"));
  EXPECT_THAT(text, HasSubstr("secret:    WRONG"));
  EXPECT_THAT(text, HasSubstr("tampered"));
}

TEST(ReceivedText, JudgesOnlyWhatItIsAskedTo) {
  const std::string text = ReceivedText(Delivery(), {});

  EXPECT_THAT(text, HasSubstr("signature: not checked"));
  EXPECT_THAT(text, HasSubstr("secret:    present, not checked"));
  EXPECT_THAT(text, Not(HasSubstr("open sesame")));
}

TEST(ReceivedText, LetsNobodySteerTheTerminal) {
  ReceivedDelivery delivery = Delivery();
  delivery.path = "/\x1b[2J";
  delivery.body = "\x1b]0;owned\x07";

  EXPECT_EQ(ReceivedText(delivery, {}).find('\x1b'), std::string::npos);
}

TEST(ReceivedJson, HoldsEverythingInOneLine) {
  const rapidjson::Document json = Parse(ReceivedJson(Delivery(), Checks()));

  EXPECT_STREQ(json["time"].GetString(), "2021-02-25T15:02:10.000Z");
  EXPECT_STREQ(json["method"].GetString(), "POST");
  EXPECT_STREQ(json["path"].GetString(), "/hook?x=1");
  EXPECT_STREQ(json["headers"]["webhook-timestamp"].GetString(), "1614265330");
  EXPECT_STREQ(json["body"].GetString(), R"({"test": 2432232314})");
  EXPECT_EQ(json["status"].GetInt(), 200);
  EXPECT_TRUE(json["verified"].GetBool());
  EXPECT_TRUE(json["secretMatches"].GetBool());
  EXPECT_FALSE(json.HasMember("verificationError"));
}

TEST(ReceivedJson, SaysWhatIsWrongAndWhatWasNotJudged) {
  ReceivedDelivery delivery = Delivery();
  delivery.body += " ";
  DeliveryChecks checks = Checks();
  checks.secret.reset();

  const rapidjson::Document json = Parse(ReceivedJson(delivery, checks));

  EXPECT_FALSE(json["verified"].GetBool());
  EXPECT_THAT(json["verificationError"].GetString(), HasSubstr("no v1 signature"));
  EXPECT_TRUE(json["secretMatches"].IsNull());
  EXPECT_TRUE(Parse(ReceivedJson(delivery, {}))["verified"].IsNull());
}

TEST(ReceivedJson, KeepsBodiesThatAreNotText) {
  ReceivedDelivery delivery = Delivery();
  delivery.body = "\xff";
  EXPECT_STREQ(Parse(ReceivedJson(delivery, {}))["bodyBase64"].GetString(), "/w==");
  delivery.body = "Zo\xc3";  // torn in the middle of a character
  EXPECT_TRUE(Parse(ReceivedJson(delivery, {})).HasMember("bodyBase64"));
  delivery.body = std::string("a\0b", 3);
  EXPECT_EQ(Parse(ReceivedJson(delivery, {}))["body"].GetStringLength(), 3);
}

TEST(ReceivedJson, JoinsRepeatedHeaders) {
  ReceivedDelivery delivery = Delivery();
  delivery.headers = {{"accept", "a"}, {"accept", "b"}};

  EXPECT_STREQ(Parse(ReceivedJson(delivery, {}))["headers"]["accept"].GetString(), "a, b");
}

}  // namespace
}  // namespace crier::crierctl
