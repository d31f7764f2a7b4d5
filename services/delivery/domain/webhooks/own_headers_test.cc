#include "services/delivery/domain/webhooks/own_headers.h"

#include <gtest/gtest.h>

namespace crier::delivery {
namespace {

TEST(OwnHeadersTest, AreReservedAndSoAreThoseOfHttp) {
  for (const char* name :
       {"content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature",
        "webhook-anything", "x-commonroom-webhook-secret", "traceparent", "host", "content-length",
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
        "proxy-authorization"}) {
    EXPECT_TRUE(IsReservedHeader(name)) << name;
  }
  EXPECT_FALSE(IsReservedHeader("authorization"));
  EXPECT_FALSE(IsReservedHeader("x-webhook-id"));
}

TEST(OwnHeadersTest, AreShownUnlessTheyHoldASecret) {
  EXPECT_TRUE(IsOpenHeader("webhook-signature"));
  EXPECT_TRUE(IsOpenHeader("traceparent"));
  EXPECT_FALSE(IsOpenHeader("x-commonroom-webhook-secret"));
  EXPECT_FALSE(IsOpenHeader("authorization"));
}

}  // namespace
}  // namespace crier::delivery
