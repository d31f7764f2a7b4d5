// Many writers at two replicas report few people by many names, at the same time. Whatever the
// order, in the end what is stored must fit together; SQL says whether it does.
#include <atomic>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/server_test_fixture.h"

namespace crier::ingest {
namespace {

using testing::IsSupersetOf;

constexpr int kWriters = 8, kCallsEach = 20, kPeople = 60, kCommunities = 3;

class MergeTortureTest : public ServerTest {
 protected:
  MergeTortureTest() {
    first_.WaitUntilReady();
    second_.WaitUntilReady();
  }

  int64_t Number(const std::string& sql) {
    return postgres_->Run({options_.postgres.url, "", options_.postgres.schema}, sql)[0].Int64(0);
  }

  Replica first_{options_}, second_{options_};
};

// Some names of a person and, now and then, of a second one: which links the two.
entity::v1::Contact RandomContact(std::mt19937& random) {
  entity::v1::Contact contact;
  const auto person = [&] { return static_cast<int>(random() % kPeople); };
  int who = person();
  contact.add_all_emails(absl::StrCat(random() % 2 ? "p" : "P", who, "@example.com"));
  if (random() % 4 == 0) who = person();
  if (random() % 2 == 0) contact.mutable_github()->set_handle(absl::StrCat("h", who));
  if (random() % 3 == 0) {
    auto& external = *contact.add_external_ids();
    external.set_source("CRM");
    external.set_id(absl::StrCat(who));
  }
  if (random() % 3 == 0) contact.add_tags()->set_name(absl::StrCat("tag ", random() % 20));
  if (random() % 3 == 0) contact.mutable_organization()->set_domain(absl::StrCat("o", who, ".com"));
  return contact;
}

v1::BatchIngestItem RandomItem(std::mt19937& random) {
  const std::string community = absl::StrCat("communities/", 1 + random() % kCommunities);
  v1::BatchIngestItem item;
  if (random() % 4 != 0) {
    item.mutable_contact()->set_parent(community);
    *item.mutable_contact()->mutable_contact() = RandomContact(random);
    if (random() % 6 == 0) {
      item.mutable_contact()->mutable_update_mask()->add_paths(random() % 2 ? "github" : "title");
    }
    auto& sighting = *item.mutable_contact()->add_sightings();
    sighting.set_source("Test");
    sighting.mutable_seen_time()->set_seconds(static_cast<int64_t>(random() % 1000));
    return item;
  }
  item.mutable_activity()->set_parent(community);
  auto& activity = *item.mutable_activity()->mutable_activity();
  activity.set_service_name("Discord");
  activity.set_activity_type("DiscordPost");
  activity.set_external_id(absl::StrCat("dm_", random() % 200));  // some of which change hands
  activity.mutable_occur_time()->set_seconds(static_cast<int64_t>(random() % 1000));
  *activity.mutable_contact() = RandomContact(random);
  return item;
}

std::vector<std::string> Lines(const std::optional<std::string>& text) {
  return absl::StrSplit(text.value_or(""), '\n', absl::SkipEmpty());
}

TEST_F(MergeTortureTest, WhatIsStoredFitsTogether) {
  const int seed = testing::UnitTest::GetInstance()->random_seed();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::atomic<int> failed{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      std::mt19937 random(static_cast<unsigned>(seed * kWriters + writer));
      Replica& replica = writer % 2 == 0 ? first_ : second_;
      for (int call = 0; call < kCallsEach; ++call) {
        v1::BatchIngestRequest request;
        for (int items = 1 + static_cast<int>(random() % 40); items > 0; --items) {
          *request.add_items() = RandomItem(random);
        }
        v1::BatchIngestResponse response;
        if (!Ingest(replica, request, &response).ok()) ++failed;
        for (const auto& result : response.results()) failed += result.has_error();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);

  EXPECT_GT(Number("SELECT count(*) FROM contact_redirects"), 20) << "too tame a test";
  EXPECT_EQ(Number("SELECT count(*) FROM contact_identities i LEFT JOIN contacts c"
                   " USING (community_id, contact_id) WHERE c.contact_id IS NULL"),
            0)
      << "every identity leads to a contact";
  EXPECT_EQ(Number("SELECT count(*) FROM contacts c WHERE NOT EXISTS (SELECT FROM"
                   " contact_identities i WHERE i.community_id = c.community_id"
                   " AND i.contact_id = c.contact_id)"),
            0)
      << "every contact can be found";
  EXPECT_EQ(Number("SELECT count(*) FROM contact_redirects r LEFT JOIN contacts c"
                   " ON c.community_id = r.community_id AND c.contact_id = r.winner_id"
                   " WHERE c.contact_id IS NULL OR r.contact_id < r.winner_id"),
            0)
      << "every loser leads to an older contact, which is there";
  EXPECT_EQ(Number("SELECT count(*) FROM contact_redirects r JOIN contacts c"
                   " USING (community_id, contact_id)"),
            0)
      << "no loser is left";
  EXPECT_EQ(
      Number("SELECT count(*) FROM log_heads h WHERE position <> (SELECT count(*) FROM events e"
             " WHERE e.log_partition = h.log_partition) OR position <> coalesce((SELECT"
             " max(e.position) FROM events e WHERE e.log_partition = h.log_partition), 0)"),
      0)
      << "positions have no gaps";
  EXPECT_EQ(Number("SELECT count(*) FROM (SELECT accept_time < lag(accept_time) OVER (PARTITION BY"
                   " log_partition ORDER BY position) AS falls FROM events) e WHERE falls"),
            0)
      << "accept times never fall";
  EXPECT_EQ(Number("SELECT count(*) FROM (SELECT FROM tags GROUP BY community_id, folded_name"
                   " HAVING count(*) > 1) t"),
            0)
      << "a name is one tag";
}

// Every contact as it is stored, with what the other tables say of it.
TEST_F(MergeTortureTest, ContactsSayWhatTheOtherTablesSay) {
  std::mt19937 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  SCOPED_TRACE(absl::StrCat("seed ", testing::UnitTest::GetInstance()->random_seed()));
  for (int call = 0; call < 30; ++call) {
    v1::BatchIngestRequest request;
    for (int i = 0; i < 20; ++i) *request.add_items() = RandomItem(random);
    v1::BatchIngestResponse response;
    ASSERT_TRUE(Ingest(call % 2 == 0 ? first_ : second_, request, &response).ok());
  }
  const auto rows = postgres_->Run(
      {options_.postgres.url, "", options_.postgres.schema},
      "SELECT c.contact, (SELECT count(*) FROM activities a LEFT JOIN contact_redirects r"
      " ON r.community_id = a.community_id AND r.contact_id = a.contact_id"
      " WHERE a.community_id = c.community_id"
      " AND coalesce(r.winner_id, a.contact_id) = c.contact_id),"
      " (SELECT string_agg(value, ',' ORDER BY value) FROM contact_identities i"
      "  WHERE i.community_id = c.community_id AND i.contact_id = c.contact_id AND kind = 1),"
      " (SELECT string_agg(kind || ' ' || value, E'\\n' ORDER BY kind, value)"
      "  FROM contact_identities i"
      "  WHERE i.community_id = c.community_id AND i.contact_id = c.contact_id AND NOT apart),"
      " (SELECT string_agg(kind || ' ' || value, E'\\n' ORDER BY kind, value)"
      "  FROM contact_identities i"
      "  WHERE i.community_id = c.community_id AND i.contact_id = c.contact_id),"
      " community_id FROM contacts c");
  ASSERT_GT(rows.size(), 10);
  for (const auto row : rows) {
    entity::v1::Contact contact;
    ASSERT_TRUE(contact.ParseFromString(row.Bytes(0)));
    EXPECT_EQ(contact.activity_count(), row.Int64(1)) << contact.name();
    std::set<std::string> emails;
    for (const auto& email : contact.all_emails()) emails.insert(absl::AsciiStrToLower(email));
    EXPECT_EQ(absl::StrJoin(emails, ","), row.OptionalText(2).value_or("")) << contact.name();
    std::vector<std::string> said;
    for (const Identity& identity : IdentitiesOf(row.Int64(5), contact)) {
      said.push_back(absl::StrCat(static_cast<int>(identity.kind), " ", identity.value));
    }
    const std::vector<std::string> sure = Lines(row.OptionalText(3));
    EXPECT_THAT(said, IsSupersetOf(sure)) << contact.name() << ": what is not apart, it says";
    EXPECT_THAT(Lines(row.OptionalText(4)), IsSupersetOf(said))
        << contact.name() << ": what it says leads to it";
  }
}

}  // namespace
}  // namespace crier::ingest
