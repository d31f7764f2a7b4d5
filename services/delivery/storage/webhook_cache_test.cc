#include "services/delivery/storage/webhook_cache.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace crier::delivery::storage {
namespace {

constexpr WebhookId kId{123, 4};
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Webhook Sample() {
  Webhook webhook;
  webhook.id = kId;
  webhook.url = "https://example.com/";
  webhook.signing_keys.resize(1);
  return webhook;
}

void Keep(WebhookCache& cache, const Webhook& webhook, int64_t row_version) {
  cache.Keep(std::make_shared<const Webhook>(webhook), row_version, kNow);
}

TEST(WebhookCache, KnowsAWebhookAtTheVersionThatItWasReadAt) {
  WebhookCache cache;
  Keep(cache, Sample(), 7);

  EXPECT_EQ(cache.Find(kId, 7, kNow)->url, "https://example.com/");
  EXPECT_EQ(cache.Find(kId, 8, kNow), nullptr);
  EXPECT_EQ(cache.Find({123, 5}, 7, kNow), nullptr);
}

TEST(WebhookCache, ALaterVersionTakesThePlaceOfTheOneBefore) {
  WebhookCache cache;
  Keep(cache, Sample(), 7);
  Webhook changed = Sample();
  changed.url = "https://example.org/";
  Keep(cache, changed, 8);

  EXPECT_EQ(cache.Find(kId, 8, kNow)->url, "https://example.org/");
  EXPECT_EQ(cache.Find(kId, 7, kNow), nullptr);
}

TEST(WebhookCache, ForgetsAfterAMinute) {
  WebhookCache cache;
  Keep(cache, Sample(), 7);

  EXPECT_NE(cache.Find(kId, 7, kNow + absl::Seconds(59)), nullptr);
  EXPECT_EQ(cache.Find(kId, 7, kNow + absl::Seconds(60)), nullptr);
}

TEST(WebhookCache, ForgetsWhenAKeyExpires) {
  WebhookCache cache;
  Webhook webhook = Sample();
  webhook.signing_keys[0].expire_time = kNow + absl::Seconds(3);
  Keep(cache, webhook, 7);

  EXPECT_NE(cache.Find(kId, 7, kNow + absl::Seconds(2)), nullptr);
  EXPECT_EQ(cache.Find(kId, 7, kNow + absl::Seconds(3)), nullptr);
}

TEST(WebhookCache, DoesNotKeepWhatCouldNotBeRead) {
  WebhookCache cache;
  Webhook webhook = Sample();
  webhook.secrets_error = "the key is missing";
  Keep(cache, webhook, 7);

  EXPECT_EQ(cache.Find(kId, 7, kNow), nullptr);
}

TEST(WebhookCache, IsBounded) {
  WebhookCache cache;
  Webhook webhook = Sample();
  webhook.trusted_roots = std::string(WebhookCache::kCapacityBytes / 4, 'x');
  for (int64_t id = 1; id <= 4; ++id) {
    webhook.id = {123, id};
    Keep(cache, webhook, 7);
  }

  EXPECT_EQ(cache.Find({123, 1}, 7, kNow), nullptr);
  EXPECT_NE(cache.Find({123, 4}, 7, kNow), nullptr);
}

}  // namespace
}  // namespace crier::delivery::storage
