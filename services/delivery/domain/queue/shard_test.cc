#include "services/delivery/domain/queue/shard.h"

#include <array>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::delivery {
namespace {

TEST(ShardTest, SpreadsWebhooksEvenly) {
  std::array<int, kShardCount> counts = {};

  for (int64_t community = 1; community <= 64; ++community) {
    for (int64_t id = 1; id <= 100; ++id) ++counts[ShardOf({community, id})];
  }

  for (int count : counts) {
    EXPECT_GT(count, 50);
    EXPECT_LT(count, 150);
  }
}

// Stored rows carry their shard: a change of the function would strand them.
TEST(ShardTest, NeverChanges) {
  EXPECT_EQ(ShardOf({1, 1}), 47);
  EXPECT_EQ(ShardOf({1, 2}), 49);
  EXPECT_EQ(ShardOf({9223372036854775807, 42}), 6);
}

}  // namespace
}  // namespace crier::delivery
