#include "services/delivery/storage/webhook_cache.h"

#include <string>

#include "gtest/gtest.h"

namespace crier::delivery::storage {
namespace {

constexpr WebhookId kId{123, 4};
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Webhook Sample(const WebhookId& id = kId) {
  Webhook webhook;
  webhook.id = id;
  webhook.url = "https://example.com/";
  webhook.signing_keys.resize(1);
  return webhook;
}

TEST(WebhookCache, KnowsAWebhookAtTheVersionThatItWasReadAt) {
  WebhookCache cache;
  cache.Keep(Sample(), 7, kNow);

  EXPECT_EQ(cache.Find(kId, 7, kNow)->url, "https://example.com/");
  EXPECT_FALSE(cache.Find(kId, 8, kNow).has_value());
  EXPECT_FALSE(cache.Find({123, 5}, 7, kNow).has_value());
}

TEST(WebhookCache, ALaterVersionTakesThePlaceOfTheOneBefore) {
  WebhookCache cache;
  cache.Keep(Sample(), 7, kNow);
  Webhook changed = Sample();
  changed.url = "https://example.org/";
  cache.Keep(changed, 8, kNow);

  EXPECT_EQ(cache.Find(kId, 8, kNow)->url, "https://example.org/");
  EXPECT_FALSE(cache.Find(kId, 7, kNow).has_value());
}

TEST(WebhookCache, ForgetsAfterAMinute) {
  WebhookCache cache;
  cache.Keep(Sample(), 7, kNow);

  EXPECT_TRUE(cache.Find(kId, 7, kNow + absl::Seconds(59)).has_value());
  EXPECT_FALSE(cache.Find(kId, 7, kNow + absl::Seconds(60)).has_value());
}

TEST(WebhookCache, ForgetsWhenAKeyExpires) {
  WebhookCache cache;
  Webhook webhook = Sample();
  webhook.signing_keys[0].expire_time = kNow + absl::Seconds(3);
  cache.Keep(webhook, 7, kNow);

  EXPECT_TRUE(cache.Find(kId, 7, kNow + absl::Seconds(2)).has_value());
  EXPECT_FALSE(cache.Find(kId, 7, kNow + absl::Seconds(3)).has_value());
}

TEST(WebhookCache, DoesNotKeepWhatCouldNotBeRead) {
  WebhookCache cache;
  Webhook webhook = Sample();
  webhook.secrets_error = "the key is missing";
  cache.Keep(webhook, 7, kNow);

  EXPECT_FALSE(cache.Find(kId, 7, kNow).has_value());
}

TEST(WebhookCache, IsBounded) {
  WebhookCache cache;
  Webhook webhook = Sample();
  webhook.trusted_roots = std::string(WebhookCache::kCapacityBytes / 4, 'x');
  for (int64_t id = 1; id <= 4; ++id) {
    webhook.id = {123, id};
    cache.Keep(webhook, 7, kNow);
  }

  EXPECT_FALSE(cache.Find({123, 1}, 7, kNow).has_value());
  EXPECT_TRUE(cache.Find({123, 4}, 7, kNow).has_value());
}

}  // namespace
}  // namespace crier::delivery::storage
