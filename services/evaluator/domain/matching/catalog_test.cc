#include "services/evaluator/domain/matching/catalog.h"

#include <optional>

#include "gtest/gtest.h"

namespace crier::evaluator {
namespace {

Revision MakeRevision(int64_t community, int64_t workflow, int64_t from_position,
                      std::optional<int64_t> until_position = std::nullopt) {
  return {{community, workflow}, Template::kNewMember, 1, "name", "",
          from_position,         until_position};
}

TEST(CatalogTest, TheEmptyCatalogIsOlderThanAnyStoredOne) {
  const Catalog catalog;

  EXPECT_LT(catalog.version(), 0);
  EXPECT_TRUE(catalog.Find(1, Template::kNewMember).empty());
  EXPECT_FALSE(catalog.CoversAny(0, 1'000));
}

TEST(CatalogTest, FindsByCommunityAndTemplateInOrder) {
  const Catalog catalog(3, {MakeRevision(1, 8, 0), MakeRevision(1, 5, 4), MakeRevision(1, 5, 0, 4),
                            MakeRevision(2, 6, 0)});

  const auto found = catalog.Find(1, Template::kNewMember);

  EXPECT_EQ(catalog.version(), 3);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0], MakeRevision(1, 5, 0, 4));
  EXPECT_EQ(found[1], MakeRevision(1, 5, 4));
  EXPECT_EQ(found[2], MakeRevision(1, 8, 0));
  EXPECT_TRUE(catalog.Find(1, Template::kNewActivity).empty());
  EXPECT_TRUE(catalog.Find(3, Template::kNewMember).empty());
}

TEST(CatalogTest, KnowsWhetherAnythingFiresInARange) {
  const Catalog closed(1, {MakeRevision(1, 1, 10, 20)});
  EXPECT_FALSE(closed.CoversAny(0, 10));
  EXPECT_TRUE(closed.CoversAny(0, 11));
  EXPECT_TRUE(closed.CoversAny(12, 15));
  EXPECT_TRUE(closed.CoversAny(19, 30));
  EXPECT_FALSE(closed.CoversAny(20, 30));

  const Catalog open(1, {MakeRevision(1, 1, 10)});
  EXPECT_FALSE(open.CoversAny(5, 10));
  EXPECT_TRUE(open.CoversAny(1'000, 1'001));
}

}  // namespace
}  // namespace crier::evaluator
