#include "services/ingest/storage/entity_reader.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "common/entity/filter_schemas.h"
#include "gmock/gmock.h"
#include "services/ingest/storage/random_entities.h"
#include "services/ingest/storage/store_test_fixture.h"

namespace crier::ingest::storage {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using testing::ElementsAre;
using testing::IsEmpty;

class EntityReaderTest : public StoreTest {
 protected:
  static EntitySelection Contacts(const char* filter = "") {
    EntitySelection selection;
    selection.community = 1;
    selection.filter = *filter::Filter::Compile(filter, entity::ContactFilterSchema());
    selection.evaluate_time = kNow;
    return selection;
  }

  static ReadOptions OrderedBy(const char* order, int limit = 1000) {
    ReadOptions options;
    options.order = *filter::ParseOrderBy(order, entity::ContactFilterSchema());
    options.limit = limit;
    options.max_bytes = 1 << 30;
    return options;
  }

  EntityRun Find(const EntitySelection& selection, const ReadOptions& options) {
    auto run = reader_.Find(selection, options, Deadline());
    EXPECT_EQ(run.status(), absl::OkStatus());
    return run.ok() ? *std::move(run) : EntityRun();
  }

  static std::vector<int64_t> IdsOf(const std::vector<FoundEntity>& entities) {
    std::vector<int64_t> ids;
    for (const FoundEntity& entity : entities) ids.push_back(entity.id);
    return ids;
  }

  // All pages of this size.
  std::vector<int64_t> IdsByPage(const EntitySelection& selection, ReadOptions options) {
    std::vector<int64_t> ids;
    for (;;) {
      const EntityRun run = Find(selection, options);
      for (const FoundEntity& entity : run.entities) ids.push_back(entity.id);
      EXPECT_LE(run.entities.size(), static_cast<size_t>(options.limit));
      if (!run.more || run.entities.empty() || ids.size() > 1000) return ids;
      options.after = ListPosition{run.entities.back().values, run.entities.back().id};
    }
  }

  void StoreContacts(const std::map<int64_t, Contact>& contacts) {
    const auto stored = store_.Transact({}, Deadline(), [&](const Known&) {
      Changes changes;
      for (const auto& [id, contact] : contacts) changes.contacts[{1, id}] = Changed(contact);
      return changes;
    });
    ASSERT_EQ(stored.status(), absl::OkStatus());
  }

  static Contact Parsed(const FoundEntity& entity) {
    Contact contact;
    EXPECT_TRUE(contact.ParseFromString(entity.message));
    return contact;
  }

  PgEntityReader reader_{pool_};
};

TEST_F(EntityReaderTest, FindsContactsByNameAlsoThoseThatWereMerged) {
  Ingest(
      store_,
      {ContactOf(1, ContactWith({"a@example.com"})), ContactOf(1, ContactWith({"b@example.com"})),
       ContactOf(1, ContactWith({"c@example.com"})), ContactOf(2, ContactWith({"a@example.com"}))});
  Ingest(store_, {ContactOf(1, ContactWith({"a@example.com", "b@example.com"}))});
  const EntityRun all = Find(Contacts(), OrderedBy(""));
  ASSERT_EQ(all.entities.size(), 2);
  const int64_t winner = all.entities[0].id;
  const int64_t other = all.entities[1].id;

  const auto found = reader_.Get(EntityKind::kContact, 1, {winner + 1, winner, other, 999},
                                 Merged::kTold, Deadline());

  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(IdsOf(*found), ElementsAre(winner, other));
  EXPECT_THAT((*found)[0].merged, ElementsAre(winner + 1));
  EXPECT_THAT((*found)[1].merged, IsEmpty());
  EXPECT_THAT(Parsed((*found)[0]).all_emails(), ElementsAre("a@example.com", "b@example.com"));
}

TEST_F(EntityReaderTest, AnActivityHasItsContentAndItsContactAsItIsNow) {
  Ingest(store_, {ActivityOf(1, "x", ContactWith({"a@example.com"}))});
  Contact named = ContactWith({"a@example.com"});
  named.set_full_name("Marion");
  Ingest(store_, {ContactOf(1, named)});
  EntitySelection selection;
  selection.kind = EntityKind::kActivity;
  selection.community = 1;
  selection.evaluate_time = kNow;

  const EntityRun run = Find(selection, OrderedBy(""));

  ASSERT_EQ(run.entities.size(), 1);
  Activity activity;
  ASSERT_TRUE(activity.ParseFromString(run.entities[0].message));
  EXPECT_EQ(activity.title(), "title");
  EXPECT_EQ(activity.contact().full_name(), "Marion");
}

TEST_F(EntityReaderTest, ListsTheActivitiesOfAContactAndOfThoseMergedIntoIt) {
  Ingest(store_, {ActivityOf(1, "1", ContactWith({"a@example.com"})),
                  ActivityOf(1, "2", ContactWith({"b@example.com"})),
                  ActivityOf(1, "3", ContactWith({"c@example.com"}))});
  const std::vector<FoundEntity> before = Find(Contacts(), OrderedBy("")).entities;
  ASSERT_EQ(before.size(), 3);
  Ingest(store_, {ContactOf(1, ContactWith({"a@example.com", "b@example.com"}))});
  EntitySelection selection;
  selection.kind = EntityKind::kActivity;
  selection.community = 1;

  for (const auto& [contact, count] : std::map<int64_t, int64_t>{
           {before[0].id, 2}, {before[1].id, 2}, {before[2].id, 1}, {999, 0}}) {
    selection.contact = contact;
    EXPECT_EQ(reader_.Count(selection, Deadline()).value_or(-1), count) << contact;
  }
}

TEST_F(EntityReaderTest, PagesOfAnySizeHoldEverythingOnceInOrder) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  std::map<int64_t, Contact> contacts;
  for (int id = 1; id <= 60; ++id) contacts[id] = RandomContact(random, id, kNow);
  StoreContacts(contacts);

  for (const char* order :
       {"", "full_name", "full_name desc, lead_score", "organization.location.city desc",
        "first_seen_time desc, activity_count, is_team_member desc", "last_seen_time",
        "lead_score desc, youtube.user_id, role desc", "twitter.handle, title desc"}) {
    const std::vector<int64_t> at_once = IdsByPage(Contacts(), OrderedBy(order));
    EXPECT_EQ(at_once.size(), contacts.size()) << order;
    for (int size : {1, 7, 59, 60}) {
      EXPECT_EQ(IdsByPage(Contacts(), OrderedBy(order, size)), at_once) << order << " by " << size;
    }
  }
}

TEST_F(EntityReaderTest, OrdersAsFiltersCompareAndTakesTheUnsetForTheLeast) {
  std::map<int64_t, Contact> contacts;
  for (const char* name : {"b", "A", "a", "B", ""}) {
    contacts[static_cast<int64_t>(contacts.size()) + 1].set_full_name(name);
  }
  contacts[2].mutable_organization()->mutable_location()->set_city("Oslo");
  contacts[4].mutable_organization()->mutable_location();
  StoreContacts(contacts);
  const auto ids = [this](const char* order) {
    return IdsOf(Find(Contacts(), OrderedBy(order)).entities);
  };

  EXPECT_THAT(ids("full_name"), ElementsAre(5, 2, 3, 1, 4));
  EXPECT_THAT(ids("full_name desc"), ElementsAre(1, 4, 2, 3, 5));
  EXPECT_THAT(ids("organization.location.city"), ElementsAre(1, 3, 5, 4, 2));
  EXPECT_THAT(ids("organization.location.city desc"), ElementsAre(2, 4, 1, 3, 5));
}

TEST_F(EntityReaderTest, OrdersByTimeOfCreationAsByIds) {
  for (int i = 0; i < 5; ++i) {
    Ingest(store_, {ContactOf(1, ContactWith({absl::StrCat("a", i, "@example.com")}))},
           kNow + absl::Seconds(i));
  }
  const std::vector<int64_t> ids = IdsOf(Find(Contacts(), OrderedBy("")).entities);

  EXPECT_EQ(IdsByPage(Contacts(), OrderedBy("create_time", 2)), ids);
  EXPECT_EQ(IdsByPage(Contacts(), OrderedBy("create_time desc", 2)),
            std::vector<int64_t>(ids.rbegin(), ids.rend()));
}

TEST_F(EntityReaderTest, ARunEndsBeforeItGrowsTooLarge) {
  std::map<int64_t, Contact> contacts;
  for (int64_t id = 1; id <= 5; ++id) contacts[id].set_full_name(std::string(1000, 'x'));
  StoreContacts(contacts);
  ReadOptions options = OrderedBy("");

  options.max_bytes = 2500;
  EntityRun run = Find(Contacts(), options);
  EXPECT_THAT(IdsOf(run.entities), ElementsAre(1, 2));
  EXPECT_TRUE(run.more);

  options.max_bytes = 10;
  options.after = ListPosition{{}, 4};
  run = Find(Contacts(), options);
  EXPECT_THAT(IdsOf(run.entities), ElementsAre(5));
  EXPECT_FALSE(run.more);
}

TEST_F(EntityReaderTest, BulkRunsReadTheSame) {
  std::map<int64_t, Contact> contacts;
  for (int64_t id = 1; id <= 30; ++id) contacts[id].set_title(id % 3 == 0 ? "CEO" : "CTO");
  StoreContacts(contacts);
  ReadOptions options = OrderedBy("", 4);
  const std::vector<int64_t> expected = IdsByPage(Contacts("title = ceo"), options);
  ASSERT_EQ(expected.size(), 10);

  options.in_bulk = true;
  options.merged = Merged::kTold;
  EXPECT_EQ(IdsByPage(Contacts("title = ceo"), options), expected);
}

TEST_F(EntityReaderTest, RefusesPositionsThatNoListingEndedAt) {
  for (const char* value : {"x", "", "9223372036854775807", "1.5"}) {
    ReadOptions options = OrderedBy("first_seen_time");
    options.after = ListPosition{{value}, 1};
    EXPECT_EQ(reader_.Find(Contacts(), options, Deadline()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << value;
  }
  ReadOptions options = OrderedBy("lead_score");
  for (const char* value : {"x", "nan", "inf", ""}) {
    options.after = ListPosition{{value}, 1};
    EXPECT_EQ(reader_.Find(Contacts(), options, Deadline()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << value;
  }
}

}  // namespace
}  // namespace crier::ingest::storage
