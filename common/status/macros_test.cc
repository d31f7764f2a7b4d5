#include "common/status/macros.h"

#include <memory>
#include <utility>

#include "gtest/gtest.h"

namespace crier {
namespace {

TEST(ReturnIfErrorTest, GoesOnWhenOkAndReturnsTheFailureOtherwise) {
  int reached = 0;
  const auto run = [&](absl::Status status) -> absl::Status {
    RETURN_IF_ERROR(status);
    ++reached;
    return absl::OkStatus();
  };

  EXPECT_TRUE(run(absl::OkStatus()).ok());
  EXPECT_EQ(run(absl::AbortedError("moved")), absl::AbortedError("moved"));
  EXPECT_EQ(reached, 1);
}

TEST(AssignOrReturnTest, AssignsValuesThatOnlyMoveAndReturnsFailures) {
  const auto run = [](absl::StatusOr<std::unique_ptr<int>> made) -> absl::StatusOr<int> {
    ASSIGN_OR_RETURN(const std::unique_ptr<int> value, std::move(made));
    return *value;
  };

  EXPECT_EQ(run(std::make_unique<int>(7)).value(), 7);
  EXPECT_EQ(run(absl::NotFoundError("none")).status(), absl::NotFoundError("none"));
}

TEST(AssignOrReturnTest, AssignsToWhatIsThereAndEvaluatesOnce) {
  int calls = 0;
  int value = 0;
  const auto make = [&]() -> absl::StatusOr<int> { return ++calls; };
  const auto run = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(value, make());
    ASSIGN_OR_RETURN(value, make());
    return absl::OkStatus();
  };

  EXPECT_TRUE(run().ok());
  EXPECT_EQ(value, 2);
}

}  // namespace
}  // namespace crier
