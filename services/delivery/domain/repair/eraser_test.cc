#include "services/delivery/domain/repair/eraser.h"

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/queue/ended_deliveries.h"

namespace crier::delivery {
namespace {

// Answers with the steps that it was given, and then that nothing is due.
class ScriptedErasures : public ErasureStore {
 public:
  absl::StatusOr<ErasureStep> Step(int, absl::Time) override {
    ++steps;
    if (script.empty()) return ErasureStep();
    const absl::StatusOr<ErasureStep> step = script.front();
    script.erase(script.begin());
    return step;
  }

  std::vector<absl::StatusOr<ErasureStep>> script;
  int steps = 0;
};

class EraserTest : public testing::Test {
 protected:
  double Value(const std::string& name) { return metrics_.Counter(name, "").Value(); }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  metrics::Registry metrics_;
  ScriptedErasures store_;
  Eraser eraser_{store_, clock_, metrics_};
};

TEST_F(EraserTest, StepsUntilNothingIsDue) {
  store_.script = {ErasureStep{.found = true, .erased = 200, .cancelled = 5},
                   ErasureStep{.found = true, .erased = 7, .cancelled = 1, .swept = true},
                   ErasureStep{.found = true, .erased = 0, .swept = true, .over = true}};

  const absl::Duration pause = eraser_.Run();

  EXPECT_EQ(store_.steps, 4);
  EXPECT_GE(pause, absl::Seconds(1));
  EXPECT_EQ(Value("crier_delivery_erased_deliveries_total"), 207);
  EXPECT_EQ(Value("crier_delivery_erasures_total"), 1);
  EXPECT_EQ(EndedDeliveries(metrics_, DeliveryState::kCancelled).Value(), 6);
}

TEST_F(EraserTest, ComesBackSoonWhenThereIsMoreThanOneRunMayDo) {
  store_.script.assign(100, ErasureStep{.found = true, .erased = 200});

  const absl::Duration pause = eraser_.Run();

  EXPECT_LT(store_.steps, 100);
  EXPECT_LT(pause, absl::Seconds(1));
}

TEST_F(EraserTest, WaitsForADatabaseThatIsAway) {
  store_.script = {absl::UnavailableError("away"), ErasureStep{.found = true, .erased = 5}};

  eraser_.Run();
  EXPECT_EQ(store_.steps, 1);
  eraser_.Run();

  EXPECT_EQ(Value("crier_delivery_erased_deliveries_total"), 5);
}

}  // namespace
}  // namespace crier::delivery
