#include "services/delivery/domain/webhooks/secret_keeper.h"

#include <cstdio>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"

namespace crier::delivery {
namespace {

using testing::ElementsAre;

// Has so many webhooks, ids from 1, with a secret each.
class FakeSecrets : public SecretStore {
 public:
  absl::StatusOr<ResealedPage> Reseal(const WebhookId& after, int limit, absl::Time) override {
    if (!failure.ok()) return failure;
    starts.push_back(after.id);
    ResealedPage page;
    page.last = after;
    for (int64_t id = after.id + 1; id <= webhooks && page.webhooks < limit; ++id) {
      page.last = {1, id};
      ++page.webhooks;
      ++page.resealed;
    }
    page.unreadable = unreadable;
    return page;
  }
  absl::Status DeleteExpiredKeys(absl::Time) override {
    ++deletions;
    return absl::OkStatus();
  }

  absl::Status failure;
  int64_t webhooks = 3;
  int unreadable = 0;
  std::vector<int64_t> starts;
  int deletions = 0;
};

class SecretKeeperTest : public testing::Test {
 protected:
  SecretKeeperTest() { Write(crypto::KeyRing::MakeLine("first")); }
  ~SecretKeeperTest() override { std::remove(path_.c_str()); }

  void Write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/secret_keeper_test.", reinterpret_cast<uintptr_t>(this));
  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  metrics::Registry metrics_;
  FakeSecrets store_;
  crypto::KeyRingHolder rings_{crypto::KeyRing::Plaintext()};
  SecretKeeper keeper_{store_, rings_, path_, clock_, metrics_};
};

TEST_F(SecretKeeperTest, GoesThroughAllWebhooksPageByPage) {
  store_.webhooks = 450;

  EXPECT_LT(keeper_.Run(), absl::Seconds(1));
  EXPECT_LT(keeper_.Run(), absl::Seconds(1));
  EXPECT_GT(keeper_.Run(), absl::Seconds(1));

  EXPECT_THAT(store_.starts, ElementsAre(0, 200, 400));
  EXPECT_EQ(store_.deletions, 1);
  EXPECT_EQ(metrics_.Counter("crier_delivery_secrets_resealed_total", "").Value(), 450);
}

TEST_F(SecretKeeperTest, RestsUntilTheRingChangesOrAnHourIsOver) {
  keeper_.Run();
  keeper_.Run();
  EXPECT_THAT(store_.starts, ElementsAre(0));

  Write(crypto::KeyRing::MakeLine("second"));
  keeper_.Run();
  EXPECT_THAT(store_.starts, ElementsAre(0, 0));

  keeper_.Run();
  clock_.Advance(absl::Hours(1));
  keeper_.Run();
  EXPECT_THAT(store_.starts, ElementsAre(0, 0, 0));
}

TEST_F(SecretKeeperTest, KeepsTheRingWhenItsFileIsBroken) {
  keeper_.Run();
  const auto ring = rings_.Get();

  Write("broken");
  keeper_.Run();

  EXPECT_EQ(rings_.Get(), ring);
  EXPECT_EQ(metrics_.Counter("crier_delivery_key_ring_reload_failures_total", "").Value(), 1);
}

TEST_F(SecretKeeperTest, TellsHowManySecretsAreLost) {
  store_.unreadable = 2;
  keeper_.Run();
  EXPECT_EQ(metrics_.Gauge("crier_delivery_secrets_stale", "").Value(), 2);

  store_.unreadable = 0;
  clock_.Advance(absl::Hours(1));
  keeper_.Run();
  EXPECT_EQ(metrics_.Gauge("crier_delivery_secrets_stale", "").Value(), 0);
}

TEST_F(SecretKeeperTest, GoesOnWhereItWasWhenTheDatabaseWasAway) {
  store_.webhooks = 300;
  keeper_.Run();
  store_.failure = absl::UnavailableError("away");
  keeper_.Run();
  store_.failure = absl::OkStatus();
  keeper_.Run();

  EXPECT_THAT(store_.starts, ElementsAre(0, 200));
}

}  // namespace
}  // namespace crier::delivery
