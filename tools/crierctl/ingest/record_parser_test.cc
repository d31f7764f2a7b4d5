#include "tools/crierctl/ingest/record_parser.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::testing::HasSubstr;

constexpr char kParent[] = "communities/7";

TEST(ParseRecord, MakesAnItemOfEachKind) {
  const auto contact =
      ParseRecord(RecordKind::kContact, kParent,
                  R"({"contact": {"fullName": "Zoë"}, "sightings": [{"source": "GitHub"}]})");
  const auto organization = ParseRecord(RecordKind::kOrganization, kParent,
                                        R"({"organization": {"domain": "example.com"}})");
  const auto activity =
      ParseRecord(RecordKind::kActivity, kParent,
                  R"({"activity": {"externalId": "1", "occurTime": "2023-04-17T10:21:26.978Z"}})");

  ASSERT_TRUE(contact.ok()) << contact.status();
  EXPECT_EQ(contact->contact().parent(), kParent);
  EXPECT_EQ(contact->contact().contact().full_name(), "Zoë");
  EXPECT_EQ(contact->contact().sightings(0).source(), "GitHub");
  ASSERT_TRUE(organization.ok()) << organization.status();
  EXPECT_EQ(organization->organization().parent(), kParent);
  EXPECT_EQ(organization->organization().organization().domain(), "example.com");
  ASSERT_TRUE(activity.ok()) << activity.status();
  EXPECT_EQ(activity->activity().parent(), kParent);
  EXPECT_EQ(activity->activity().activity().occur_time().nanos(), 978000000);
}

TEST(ParseRecord, TakesTheFieldNamesOfTheProtoToo) {
  const auto item =
      ParseRecord(RecordKind::kContact, kParent, R"({"contact": {"full_name": "Zoë"}})");

  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->contact().contact().full_name(), "Zoë");
}

TEST(ParseRecord, KeepsAParentThatIsGiven) {
  const auto item =
      ParseRecord(RecordKind::kContact, kParent, R"({"parent": "communities/9", "contact": {}})");

  EXPECT_EQ(item->contact().parent(), "communities/9");
}

TEST(ParseRecord, NamesAnUnknownFieldAndShowsTheShape) {
  const auto bare = ParseRecord(RecordKind::kContact, kParent, R"({"fullName": "Zoë"})");
  const auto nested =
      ParseRecord(RecordKind::kContact, kParent, R"({"contact": {"fullNme": "Zoë"}})");

  EXPECT_EQ(bare.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(bare.status().message()), HasSubstr("fullName"));
  EXPECT_THAT(std::string(bare.status().message()), HasSubstr(R"({"contact": {)"));
  EXPECT_THAT(std::string(nested.status().message()), HasSubstr("fullNme"));
}

TEST(ParseRecord, SaysWhatAWrongValueMustBe) {
  const auto problem_of = [](RecordKind kind, const std::string& json) {
    return std::string(ParseRecord(kind, kParent, json).status().message());
  };

  EXPECT_EQ(problem_of(RecordKind::kActivity, R"({"activity": {"occurTime": "yesterday"}})"),
            R"(activity.occur_time must be a time, such as "2026-04-17T10:00:00Z")");
  EXPECT_EQ(problem_of(RecordKind::kContact, R"({"contact": {"leadScore": "for (x) high"}})"),
            "contact.lead_score must be a number");
  EXPECT_EQ(problem_of(RecordKind::kContact, R"({"contact": {"segments": [{"id": "x"}]}})"),
            "contact.segments[0].id must be a whole number");
  EXPECT_EQ(problem_of(RecordKind::kContact, R"({"contact": {"primaryEmail": 5}})"),
            "contact.primary_email must be text in quotes");
}

TEST(ParseRecord, RefusesWhatIsNotJson) {
  const auto item = ParseRecord(RecordKind::kContact, kParent, R"({"contact" {}})");

  EXPECT_EQ(item.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(item.status().message().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace crier::crierctl
