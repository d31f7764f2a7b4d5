#include "services/delivery/domain/webhooks/webhook_store_conformance.h"

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Text(const std::vector<SigningKey>& keys) {
  std::string text;
  for (const SigningKey& key : keys) {
    absl::StrAppend(&text, key.number, "/", static_cast<int>(key.scheme), "/", key.key, "/",
                    absl::FormatTime(key.create_time), "/", absl::FormatTime(key.expire_time), "/",
                    key.request_id, "\n");
  }
  return text;
}

}  // namespace

absl::Time WebhookStoreConformance::Deadline() { return absl::Now() + absl::Seconds(30); }

SigningKey WebhookStoreConformance::Key(int number, const std::string& bytes) {
  SigningKey key;
  key.number = number;
  key.key = bytes;
  key.create_time = kCreated;
  return key;
}

Webhook WebhookStoreConformance::FullWebhook() {
  Webhook webhook;
  webhook.id.community = kCommunity;
  webhook.display_name = "CRM – “Zoë”";
  webhook.url = "https://hooks.example.com/hook?a=%20'\"";
  webhook.secret = "s'e\\c\"ret";
  webhook.signing_keys = {Key(7, std::string("\0\xff newest", 9)), Key(3, std::string(32, 'k')),
                          Key(2, "old")};
  webhook.signing_keys[0].scheme = SigningScheme::kV1a;
  webhook.signing_keys[0].request_id = "a:b c";
  webhook.signing_keys[1].expire_time = absl::FromUnixSeconds(4'000'000'000);
  webhook.client_certificate = "-----BEGIN CERTIFICATE-----\n";
  webhook.client_key = "-----BEGIN PRIVATE KEY-----\n";
  webhook.trusted_roots = "-----BEGIN CERTIFICATE-----\n'";
  webhook.envelope = true;
  webhook.member_alias = true;
  webhook.custom_headers = {{"X-Env", "pr\"od\\"}, {"authorization", "Bearer {},'"}};
  webhook.request_timeout = absl::Nanoseconds(2500000001);
  webhook.retry_policy.delays = {absl::Milliseconds(1500), absl::Hours(24)};
  webhook.retry_policy.max_attempts = 3;
  webhook.attempts_per_minute = 90;
  webhook.max_concurrency = 7;
  webhook.operational = true;
  webhook.create_time = kCreated;
  webhook.update_time = kCreated + absl::Microseconds(1);
  return webhook;
}

Webhook WebhookStoreConformance::SmallWebhook(int64_t community) {
  Webhook webhook;
  webhook.id.community = community;
  webhook.display_name = "small";
  webhook.url = "https://hooks.example.com/";
  webhook.signing_keys = {Key(1, "key")};
  webhook.create_time = webhook.update_time = kCreated;
  return webhook;
}

Webhook WebhookStoreConformance::MustCreate(const Webhook& webhook, const std::string& request_id) {
  const auto created = store_.Create(webhook, request_id, Deadline());
  EXPECT_TRUE(created.ok()) << created.status();
  return created.value_or(Webhook());
}

Webhook WebhookStoreConformance::MustChange(const WebhookId& id, StateAction action) {
  const auto changed = store_.ChangeState(id, "", action, kChanged, Deadline());
  EXPECT_TRUE(changed.ok()) << changed.status();
  return changed.value_or(StateChange()).webhook;
}

void WebhookStoreConformance::ExpectEqual(const Webhook& actual, const Webhook& expected) {
  EXPECT_EQ(actual.id, expected.id);
  EXPECT_EQ(actual.display_name, expected.display_name);
  EXPECT_EQ(actual.url, expected.url);
  EXPECT_EQ(actual.secret, expected.secret);
  EXPECT_EQ(Text(actual.signing_keys), Text(expected.signing_keys));
  EXPECT_EQ(actual.client_certificate, expected.client_certificate);
  EXPECT_EQ(actual.client_key, expected.client_key);
  EXPECT_EQ(actual.trusted_roots, expected.trusted_roots);
  EXPECT_EQ(actual.secrets_error, expected.secrets_error);
  EXPECT_EQ(actual.payload_version, expected.payload_version);
  EXPECT_EQ(actual.envelope, expected.envelope);
  EXPECT_EQ(actual.member_alias, expected.member_alias);
  EXPECT_EQ(actual.operational, expected.operational);
  EXPECT_EQ(actual.failing, expected.failing);
  EXPECT_EQ(actual.custom_headers, expected.custom_headers);
  EXPECT_EQ(actual.request_timeout, expected.request_timeout);
  EXPECT_EQ(actual.retry_policy, expected.retry_policy);
  EXPECT_EQ(actual.attempts_per_minute, expected.attempts_per_minute);
  EXPECT_EQ(actual.max_concurrency, expected.max_concurrency);
  EXPECT_EQ(actual.state, expected.state);
  EXPECT_EQ(actual.disable_reason, expected.disable_reason);
  EXPECT_EQ(actual.state_change_time, expected.state_change_time);
  EXPECT_EQ(actual.create_time, expected.create_time);
  EXPECT_EQ(actual.update_time, expected.update_time);
  EXPECT_EQ(actual.version, expected.version);
}

std::vector<int64_t> WebhookStoreConformance::Ids(
    const absl::StatusOr<std::vector<Webhook>>& webhooks) {
  EXPECT_TRUE(webhooks.ok()) << webhooks.status();
  std::vector<int64_t> ids;
  for (const Webhook& webhook : webhooks.value_or(std::vector<Webhook>())) {
    ids.push_back(webhook.id.id);
  }
  return ids;
}

TEST_P(WebhookStoreConformance, ReturnsWhatWasCreated) {
  const Webhook created = MustCreate(FullWebhook());

  Webhook expected = FullWebhook();
  expected.id.id = created.id.id;
  expected.version = 1;
  EXPECT_GT(created.id.id, 0);
  ExpectEqual(created, expected);
  const auto read = store_.Get(created.id, Deadline());
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectEqual(*read, expected);
}

TEST_P(WebhookStoreConformance, WebhooksAreFoundInTheirCommunityOnly) {
  const Webhook webhook = MustCreate(SmallWebhook());

  EXPECT_EQ(ErrorReason(store_.Get({kOtherCommunity, webhook.id.id}, Deadline()).status()),
            "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(ErrorReason(store_.Get({kCommunity, webhook.id.id + 1000}, Deadline()).status()),
            "WEBHOOK_NOT_FOUND");
}

TEST_P(WebhookStoreConformance, RequestIdCreatesOnce) {
  Webhook other = SmallWebhook();
  other.display_name = "other";
  const Webhook first = MustCreate(SmallWebhook(), "request");

  const Webhook again = MustCreate(other, "request");

  ExpectEqual(again, first);
  EXPECT_THAT(Ids(store_.List(kCommunity, 0, 10, Deadline())), ElementsAre(first.id.id));
}

TEST_P(WebhookStoreConformance, RequestIdsBelongToACommunity) {
  const Webhook first = MustCreate(SmallWebhook(kCommunity), "request");
  const Webhook second = MustCreate(SmallWebhook(kOtherCommunity), "request");

  EXPECT_EQ(second.id.community, kOtherCommunity);
  EXPECT_EQ(Ids(store_.List(kCommunity, 0, 10, Deadline())).size(), 1u);
  EXPECT_EQ(Ids(store_.List(kOtherCommunity, 0, 10, Deadline())).size(), 1u);
}

TEST_P(WebhookStoreConformance, WithoutRequestIdEveryCallCreates) {
  EXPECT_NE(MustCreate(SmallWebhook()).id.id, MustCreate(SmallWebhook()).id.id);
}

TEST_P(WebhookStoreConformance, RequestIdShowsTheWebhookAsItIsNow) {
  const Webhook first = MustCreate(SmallWebhook(), "request");
  const auto updated = store_.Update(
      first.id, "", [](Webhook& webhook) { webhook.envelope = true; }, Deadline());
  ASSERT_TRUE(updated.ok()) << updated.status();

  ExpectEqual(MustCreate(SmallWebhook(), "request"), *updated);
}

TEST_P(WebhookStoreConformance, RequestIdOfADeletedWebhookIsSpent) {
  const Webhook first = MustCreate(SmallWebhook(), "request");
  ASSERT_TRUE(store_.Delete(first.id, "", Deadline()).ok());

  const auto again = store_.Create(SmallWebhook(), "request", Deadline());

  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(again.status()), "REQUEST_ID_SPENT");
  EXPECT_THAT(Ids(store_.List(kCommunity, 0, 10, Deadline())), IsEmpty());
}

TEST_P(WebhookStoreConformance, ConcurrentCallsWithARequestIdCreateOnce) {
  constexpr int kCallers = 8;
  std::vector<int64_t> ids(kCallers);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] { ids[i] = MustCreate(SmallWebhook(), "request").id.id; });
  }
  for (std::thread& caller : callers) caller.join();

  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 1u);
  EXPECT_THAT(Ids(store_.List(kCommunity, 0, 10, Deadline())), ElementsAre(ids[0]));
}

TEST_P(WebhookStoreConformance, GetManyKeepsTheOrderAndTheGaps) {
  const Webhook a = MustCreate(SmallWebhook());
  const Webhook b = MustCreate(FullWebhook());
  const Webhook deleted = MustCreate(SmallWebhook());
  ASSERT_TRUE(store_.Delete(deleted.id, "", Deadline()).ok());

  const auto found = store_.GetMany(
      {b.id, {kOtherCommunity, a.id.id}, a.id, deleted.id, {kCommunity, 1LL << 40}, b.id},
      Deadline());

  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 6u);
  ASSERT_TRUE((*found)[0] && (*found)[2] && (*found)[5]);
  ExpectEqual(*(*found)[0], b);
  ExpectEqual(*(*found)[2], a);
  ExpectEqual(*(*found)[5], b);
  EXPECT_FALSE((*found)[1] || (*found)[3] || (*found)[4]);
}

TEST_P(WebhookStoreConformance, GetManySeesEveryChange) {
  const Webhook created = MustCreate(FullWebhook());
  const auto read = [&] { return (*store_.GetMany({created.id}, Deadline()))[0]; };
  ExpectEqual(*read(), created);
  ExpectEqual(*read(), created);

  const auto renamed = store_.Update(
      created.id, "", [](Webhook& webhook) { webhook.display_name = "another"; }, Deadline());
  ExpectEqual(*read(), *renamed);

  const auto rotated = store_.UpdateKeys(
      created.id, "",
      [](Webhook& webhook) {
        webhook.signing_keys.insert(webhook.signing_keys.begin(), Key(8, "newer"));
        return true;
      },
      Deadline());
  ExpectEqual(*read(), *rotated);

  const Webhook paused = MustChange(created.id, StateAction::kPause);
  ExpectEqual(*read(), paused);

  ASSERT_TRUE(store_.Delete(created.id, "", Deadline()).ok());
  EXPECT_EQ(read(), nullptr);
}

TEST_P(WebhookStoreConformance, GetManyOfNothingIsNothing) {
  const auto found = store_.GetMany({}, Deadline());

  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, IsEmpty());
}

TEST_P(WebhookStoreConformance, StatesAreThoseOfTheWebhooksThatExist) {
  const Webhook kept = MustCreate(SmallWebhook());
  const Webhook paused = MustCreate(SmallWebhook());
  const Webhook deleted = MustCreate(SmallWebhook());
  MustChange(paused.id, StateAction::kPause);
  ASSERT_TRUE(store_.Delete(deleted.id, "", Deadline()).ok());

  const auto states = store_.States(
      {paused.id, deleted.id, {kOtherCommunity, kept.id.id}, kept.id, paused.id}, Deadline());

  ASSERT_TRUE(states.ok()) << states.status();
  EXPECT_THAT(*states, ElementsAre(WebhookState::kPaused, std::nullopt, std::nullopt,
                                   WebhookState::kEnabled, WebhookState::kPaused));
}

TEST_P(WebhookStoreConformance, ListsByIdInPages) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(MustCreate(SmallWebhook()).id.id);
  MustCreate(SmallWebhook(kOtherCommunity));

  EXPECT_THAT(Ids(store_.List(kCommunity, 0, 2, Deadline())), ElementsAre(ids[0], ids[1]));
  EXPECT_THAT(Ids(store_.List(kCommunity, ids[1], 2, Deadline())), ElementsAre(ids[2], ids[3]));
  EXPECT_THAT(Ids(store_.List(kCommunity, ids[3], 2, Deadline())), ElementsAre(ids[4]));
  EXPECT_THAT(Ids(store_.List(kCommunity, ids[4], 2, Deadline())), IsEmpty());
}

TEST_P(WebhookStoreConformance, ListLeavesOutTheDeleted) {
  const Webhook first = MustCreate(SmallWebhook());
  const Webhook second = MustCreate(SmallWebhook());
  ASSERT_TRUE(store_.Delete(first.id, "", Deadline()).ok());

  EXPECT_THAT(Ids(store_.List(kCommunity, 0, 10, Deadline())), ElementsAre(second.id.id));
}

TEST_P(WebhookStoreConformance, DeleteRemoves) {
  const Webhook created = MustCreate(SmallWebhook());

  EXPECT_EQ(ErrorReason(store_.Delete(created.id, "x", Deadline()).status()), "ETAG_MISMATCH");
  EXPECT_TRUE(store_.Get(created.id, Deadline()).ok());
  EXPECT_TRUE(store_.Delete(created.id, created.etag(), Deadline()).ok());

  EXPECT_EQ(ErrorReason(store_.Get(created.id, Deadline()).status()), "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(ErrorReason(store_.Delete(created.id, "", Deadline()).status()), "WEBHOOK_NOT_FOUND");
  EXPECT_EQ(ErrorReason(store_
                            .Update(
                                created.id, "", [](Webhook&) {}, Deadline())
                            .status()),
            "WEBHOOK_NOT_FOUND");
}

TEST_P(WebhookStoreConformance, IdsAreNotUsedAgain) {
  const Webhook first = MustCreate(SmallWebhook());
  ASSERT_TRUE(store_.Delete(first.id, "", Deadline()).ok());

  EXPECT_GT(MustCreate(SmallWebhook()).id.id, first.id.id);
}

}  // namespace crier::delivery
