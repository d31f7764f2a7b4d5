#include "services/delivery/domain/webhooks/own_headers.h"

#include <gtest/gtest.h>

namespace crier::delivery {
namespace {

TEST(OwnHeadersTest, AreReservedAndSoAreThoseOfHttp) {
  for (const char* name :
       {"content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature",
        "webhook-anything", "x-commonroom-webhook-secret", "host", "content-length", "connection",
        "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-authorization"}) {
    EXPECT_TRUE(IsReservedHeader(name)) << name;
  }
  EXPECT_FALSE(IsReservedHeader("authorization"));
  EXPECT_FALSE(IsReservedHeader("x-webhook-id"));
}

}  // namespace
}  // namespace crier::delivery
