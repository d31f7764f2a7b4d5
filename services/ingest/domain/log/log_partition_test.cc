#include "services/ingest/domain/log/log_partition.h"

#include <set>

#include "gtest/gtest.h"

namespace crier::ingest {
namespace {

// Golden: these decide where events of existing installations are.
TEST(LogPartitionOf, NeverChanges) {
  EXPECT_EQ(LogPartitionOf(1, 16), 12);
  EXPECT_EQ(LogPartitionOf(2, 16), 7);
  EXPECT_EQ(LogPartitionOf(3, 16), 14);
  EXPECT_EQ(LogPartitionOf(123, 16), 8);
  EXPECT_EQ(LogPartitionOf(1000000, 16), 3);
  EXPECT_EQ(LogPartitionOf(9223372036854775807, 16), 10);
  EXPECT_EQ(LogPartitionOf(123, 1), 0);
}

TEST(LogPartitionOf, UsesEveryPartition) {
  std::set<int32_t> used;
  for (int64_t community = 1; community <= 1000; ++community) {
    used.insert(LogPartitionOf(community, 64));
  }
  EXPECT_EQ(used.size(), 64u);
}

}  // namespace
}  // namespace crier::ingest
