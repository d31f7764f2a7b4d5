#include "tools/crierctl/receiver.h"

#include <httplib.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Receiver, ReportsWhatComesAndAnswers) {
  std::vector<ReceivedDelivery> received;
  auto receiver =
      Receiver::Start(0, 202, [&](const ReceivedDelivery& d) { received.push_back(d); });
  ASSERT_TRUE(receiver.ok()) << receiver.status();
  httplib::Client client("127.0.0.1", (*receiver)->port());

  const auto response =
      client.Post("/hook?x=1", {{"Webhook-Id", "msg_1"}}, R"({"a":1})", "application/json");

  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 202);
  client.stop();
  receiver->reset();  // everything is reported once it is gone
  ASSERT_THAT(received, SizeIs(1));
  EXPECT_EQ(received[0].method, "POST");
  EXPECT_EQ(received[0].path, "/hook?x=1");
  EXPECT_EQ(received[0].Header("webhook-id"), "msg_1");
  EXPECT_EQ(received[0].Header("content-type"), "application/json");
  EXPECT_EQ(received[0].Header("remote_addr"), "");
  EXPECT_EQ(received[0].body, R"({"a":1})");
  EXPECT_EQ(received[0].answered_status, 202);
}

TEST(Receiver, NamesAPortThatIsTaken) {
  const auto first = Receiver::Start(0, 200, [](const ReceivedDelivery&) {});
  ASSERT_TRUE(first.ok());

  const auto second = Receiver::Start((*first)->port(), 200, [](const ReceivedDelivery&) {});

  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("--port"));
}

TEST(Receiver, StopsAtOnceAfterStarting) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(Receiver::Start(0, 200, [](const ReceivedDelivery&) {}).ok());
  }
}

}  // namespace
}  // namespace crier::crierctl
