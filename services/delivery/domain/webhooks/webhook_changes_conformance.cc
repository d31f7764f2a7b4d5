// What every WebhookStore must do when a webhook is changed.
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "services/delivery/domain/webhooks/webhook_store_conformance.h"

namespace crier::delivery {

TEST_P(WebhookStoreConformance, AStateIsStoredWithItsReasonAndTime) {
  const Webhook created = MustCreate(SmallWebhook());

  const Webhook disabled = MustChange(created.id, StateAction::kDisable);

  EXPECT_EQ(disabled.state, WebhookState::kDisabled);
  EXPECT_EQ(disabled.disable_reason, DisableReason::kManual);
  EXPECT_EQ(disabled.state_change_time, kChanged);
  EXPECT_EQ(disabled.update_time, kChanged);
  EXPECT_EQ(disabled.version, 2);
  const auto read = store_.Get(created.id, Deadline());
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectEqual(*read, disabled);
  const Webhook enabled = MustChange(created.id, StateAction::kEnable);
  EXPECT_EQ(enabled.state, WebhookState::kEnabled);
  EXPECT_EQ(enabled.disable_reason, DisableReason::kNone);
}

TEST_P(WebhookStoreConformance, AStateThatIsReachedAlreadyIsNoChange) {
  const Webhook created = MustCreate(SmallWebhook());

  const Webhook enabled = MustChange(created.id, StateAction::kEnable);

  ExpectEqual(enabled, created);
}

TEST_P(WebhookStoreConformance, AStateIsChangedUnderTheEtagOnly) {
  const Webhook created = MustCreate(SmallWebhook());

  const auto refused =
      store_.ChangeState(created.id, "v7", StateAction::kPause, kChanged, Deadline());

  EXPECT_EQ(ErrorReason(refused.status()), "ETAG_MISMATCH");
  EXPECT_TRUE(
      store_.ChangeState(created.id, created.etag(), StateAction::kPause, kChanged, Deadline())
          .ok());
}

TEST_P(WebhookStoreConformance, AStepThatDoesNotExistChangesNothing) {
  const Webhook created = MustCreate(SmallWebhook());
  const Webhook paused = MustChange(created.id, StateAction::kPause);

  const auto refused =
      store_.ChangeState(created.id, "", StateAction::kEnable, kChanged, Deadline());

  EXPECT_EQ(ErrorReason(refused.status()), "WEBHOOK_STATE");
  ExpectEqual(*store_.Get(created.id, Deadline()), paused);
}

TEST_P(WebhookStoreConformance, UpdateKeysStoresThem) {
  const Webhook created = MustCreate(FullWebhook());

  const auto updated = store_.UpdateKeys(
      created.id, created.etag(),
      [](Webhook& webhook) {
        webhook.signing_keys.pop_back();
        webhook.signing_keys.insert(webhook.signing_keys.begin(), Key(8, "newer"));
        webhook.update_time += absl::Hours(1);
        return true;
      },
      Deadline());

  ASSERT_TRUE(updated.ok()) << updated.status();
  Webhook expected = created;
  expected.signing_keys = {Key(8, "newer"), created.signing_keys[0], created.signing_keys[1]};
  expected.update_time += absl::Hours(1);
  expected.version = 2;
  ExpectEqual(*updated, expected);
  ExpectEqual(*store_.Get(created.id, Deadline()), expected);
}

TEST_P(WebhookStoreConformance, UpdateKeysStoresNothingWhenItIsToldSo) {
  const Webhook created = MustCreate(FullWebhook());

  const auto unchanged = store_.UpdateKeys(
      created.id, "", [](Webhook& webhook) { return false; }, Deadline());
  const auto refused = store_.UpdateKeys(
      created.id, "",
      [](Webhook& webhook) {
        webhook.signing_keys.clear();
        return absl::FailedPreconditionError("no");
      },
      Deadline());
  const auto stale = store_.UpdateKeys(
      created.id, "stale", [](Webhook&) { return true; }, Deadline());
  const auto unknown = store_.UpdateKeys(
      {kCommunity, created.id.id + 99}, "", [](Webhook&) { return true; }, Deadline());

  ASSERT_TRUE(unchanged.ok()) << unchanged.status();
  ExpectEqual(*unchanged, created);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_EQ(ErrorReason(stale.status()), "ETAG_MISMATCH");
  EXPECT_EQ(ErrorReason(unknown.status()), "WEBHOOK_NOT_FOUND");
  ExpectEqual(*store_.Get(created.id, Deadline()), created);
}

TEST_P(WebhookStoreConformance, UpdateStoresEverySetting) {
  const Webhook created = MustCreate(SmallWebhook());
  Webhook expected = FullWebhook();
  expected.id = created.id;
  expected.signing_keys = created.signing_keys;
  expected.create_time = created.create_time;
  expected.version = 2;

  const auto updated = store_.Update(
      created.id, created.etag(),
      [&](Webhook& webhook) {
        webhook = expected;
        webhook.version = 1;
      },
      Deadline());

  ASSERT_TRUE(updated.ok()) << updated.status();
  ExpectEqual(*updated, expected);
  EXPECT_NE(updated->etag(), created.etag());
  const auto read = store_.Get(created.id, Deadline());
  ASSERT_TRUE(read.ok()) << read.status();
  ExpectEqual(*read, expected);
}

TEST_P(WebhookStoreConformance, UpdateNeedsTheCurrentEtagIfAny) {
  const Webhook created = MustCreate(SmallWebhook());
  const auto rename = [](Webhook& webhook) { webhook.display_name = "renamed"; };
  ASSERT_TRUE(store_
                  .Update(
                      created.id, created.etag(), [](Webhook&) {}, Deadline())
                  .ok());

  const absl::Status stale = store_.Update(created.id, created.etag(), rename, Deadline()).status();

  EXPECT_EQ(stale.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(stale), "ETAG_MISMATCH");
  EXPECT_EQ(store_.Get(created.id, Deadline())->display_name, "small");
  EXPECT_EQ(ErrorReason(store_.Update(created.id, "x", rename, Deadline()).status()),
            "ETAG_MISMATCH");
  EXPECT_TRUE(store_.Update(created.id, "", rename, Deadline()).ok());
}

TEST_P(WebhookStoreConformance, ConcurrentUpdatesAllCount) {
  constexpr int kCallers = 8;
  const Webhook created = MustCreate(SmallWebhook());
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      const auto append = [](Webhook& webhook) { webhook.display_name += "+"; };
      EXPECT_TRUE(store_.Update(created.id, "", append, Deadline()).ok());
    });
  }
  for (std::thread& caller : callers) caller.join();

  const auto read = store_.Get(created.id, Deadline());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->display_name, absl::StrCat("small", std::string(kCallers, '+')));
  EXPECT_EQ(read->version, 1 + kCallers);
}

TEST_P(WebhookStoreConformance, OfConcurrentUpdatesWithAnEtagOneWins) {
  constexpr int kCallers = 4;
  const Webhook created = MustCreate(SmallWebhook());
  std::vector<absl::Status> results(kCallers);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&, i] {
      results[i] = store_
                       .Update(
                           created.id, created.etag(), [](Webhook&) {}, Deadline())
                       .status();
    });
  }
  for (std::thread& caller : callers) caller.join();

  int winners = 0;
  for (const absl::Status& result : results) {
    if (result.ok()) {
      ++winners;
    } else {
      EXPECT_EQ(ErrorReason(result), "ETAG_MISMATCH");
    }
  }
  EXPECT_EQ(winners, 1);
}

}  // namespace crier::delivery
