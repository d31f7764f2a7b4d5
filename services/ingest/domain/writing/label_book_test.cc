#include "services/ingest/domain/writing/label_book.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/entities/limits.h"
#include "services/ingest/domain/errors.h"

namespace crier::ingest {
namespace {

using entity::v1::Contact;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class LabelBookTest : public testing::Test {
 protected:
  // Resolves tags, given as names with an id or 0, and keeps what they bring.
  std::vector<std::string> Resolve(const std::vector<std::pair<int64_t, std::string>>& tags,
                                   int64_t community = 1) {
    Contact contact;
    for (const auto& [id, name] : tags) {
      contact.add_tags()->set_id(id);
      contact.mutable_tags()->rbegin()->set_name(name);
    }
    std::vector<Label> changes;
    EXPECT_TRUE(book_.Resolve(community, *contact.mutable_tags(), changes).ok());
    book_.Keep(changes);
    brought_.clear();
    for (const Label& label : changes) brought_.push_back(absl::StrCat(label.id.id, label.name));
    std::vector<std::string> resolved;
    for (const auto& tag : contact.tags()) resolved.push_back(absl::StrCat(tag.id(), tag.name()));
    return resolved;
  }

  LabelBook book_{
      {.names = {{{1, LabelKind::kTag, 5}, "VIP"}}, .last_ids = {{{1, LabelKind::kTag}, 40}}}};
  std::vector<std::string> brought_;
};

TEST_F(LabelBookTest, FindsNamesWithoutCaseAndKeepsTheirSpelling) {
  EXPECT_THAT(Resolve({{0, "vip"}}), ElementsAre("5VIP"));
  EXPECT_THAT(brought_, IsEmpty());
}

TEST_F(LabelBookTest, GivesNewNamesTheNextId) {
  EXPECT_THAT(Resolve({{0, "New"}, {0, "Newer"}}), ElementsAre("41New", "42Newer"));
  EXPECT_THAT(brought_, ElementsAre("41New", "42Newer"));
  EXPECT_THAT(Resolve({{0, "NEWER"}, {0, "Newest"}}), ElementsAre("42Newer", "43Newest"));
  EXPECT_THAT(Resolve({{0, "New"}}, 2), ElementsAre("1New")) << "another community";
}

TEST_F(LabelBookTest, TakesIdsOfCallersAndTheirNames) {
  EXPECT_THAT(Resolve({{90, "Given"}, {0, "Next"}}), ElementsAre("90Given", "91Next"));
  EXPECT_THAT(Resolve({{5, "Customer"}}), ElementsAre("5Customer"));
  EXPECT_THAT(brought_, ElementsAre("5Customer"));
  EXPECT_THAT(Resolve({{0, "customer"}}), ElementsAre("5Customer"));
  EXPECT_THAT(Resolve({{0, "VIP"}}), ElementsAre("92VIP")) << "no longer the name of 5";
}

TEST_F(LabelBookTest, GreatIdsOfCallersDoNotDecideTheNextOnes) {
  EXPECT_THAT(Resolve({{kMaxLabelId, "Great"}, {0, "Next"}}),
              ElementsAre(absl::StrCat(kMaxLabelId, "Great"), "41Next"));
  EXPECT_THAT(Resolve({{kMaxAssignedLabelId + 1, "Less"}}), SizeIs(1));
  EXPECT_THAT(Resolve({{0, "Later"}, {0, "great"}}),
              ElementsAre("42Later", absl::StrCat(kMaxLabelId, "Great")));
}

TEST_F(LabelBookTest, ThereIsRoomAfterTheGreatestIdThatCallersBring) {
  const std::string after = absl::StrCat(kMaxLabelIdToNumberFrom + 1);
  EXPECT_THAT(Resolve({{kMaxLabelIdToNumberFrom, "Given"}, {0, "Next"}}),
              ElementsAre(absl::StrCat(kMaxLabelIdToNumberFrom, "Given"), after + "Next"));
  EXPECT_THAT(Resolve({{kMaxLabelIdToNumberFrom + 1, "Echoed"}}), ElementsAre(after + "Echoed"));
  for (const int64_t id : {kMaxLabelIdToNumberFrom + 2, kMaxAssignedLabelId}) {
    Contact contact;
    contact.add_tags()->set_id(id);
    std::vector<Label> changes;
    EXPECT_EQ(book_.Resolve(1, *contact.mutable_tags(), changes), LabelIdReservedError(id));
  }
}

TEST_F(LabelBookTest, OfOneListAnIdAndItsNameAreOne) {
  EXPECT_THAT(Resolve({{0, "gold"}, {7, "Gold"}, {0, "vip"}, {5, "VIP"}}),
              ElementsAre("7Gold", "5VIP"));
}

TEST_F(LabelBookTest, OfSeveralWithANameTheLeastIdCounts) {
  Resolve({{9, "vip"}});
  Resolve({{3, "Vip"}});
  EXPECT_THAT(Resolve({{0, "VIP"}}), ElementsAre("3Vip"));
}

}  // namespace
}  // namespace crier::ingest
