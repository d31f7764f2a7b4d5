#include "services/ingest/storage/filter_sql.h"

#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "common/entity/filter_schemas.h"
#include "services/ingest/storage/entity_reader.h"
#include "services/ingest/storage/random_entities.h"
#include "services/ingest/storage/store_test_fixture.h"

namespace crier::ingest::storage {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using filter::Filter;
using filter::Schema;

constexpr int kEntities = 40;

// How many filters are tried of each kind; the environment variable asks for a long run.
int FilterCount() {
  int count = 150;
  const char* const wanted = std::getenv("CRIER_FILTER_SQL_FILTERS");
  if (wanted != nullptr) EXPECT_TRUE(absl::SimpleAtoi(wanted, &count)) << wanted;
  return count;
}

class FilterSqlTest : public StoreTest {
 protected:
  // Entities as they are, with whatever identifies them.
  void Store(const std::map<int64_t, Contact>& contacts,
             const std::map<int64_t, Organization>& organizations,
             const std::map<int64_t, Activity>& activities) {
    const auto stored = store_.Transact({}, Deadline(), [&](const Known&) {
      Changes changes;
      for (const auto& [id, contact] : contacts) {
        changes.contacts[{1, id}] = Changed(contact);
        for (const Identity& identity : IdentitiesOf(1, contact)) {
          changes.identities.emplace_back(identity, id);
        }
      }
      for (const auto& [id, organization] : organizations) {
        changes.organizations[{1, organization.domain()}] = {id, organization};
      }
      for (const auto& [id, activity] : activities) {
        StoredActivity& row = changes.activities[{
            1, activity.service_name(), activity.activity_type(), activity.external_id()}];
        row.id = id;
        row.contact_id = (id - 1) % kEntities + 1;
        row.activity = activity;
        row.activity.clear_contact();
      }
      return changes;
    });
    ASSERT_EQ(stored.status(), absl::OkStatus());
  }

  std::set<int64_t> InSql(EntityKind kind, const Filter& filter) {
    EntitySelection selection;
    selection.kind = kind;
    selection.community = 1;
    selection.filter = filter;
    selection.evaluate_time = kNow;
    ReadOptions options;
    options.limit = 1000;
    options.max_bytes = 1 << 30;
    const auto run = reader_.Find(selection, options, Deadline());
    EXPECT_EQ(run.status(), absl::OkStatus());
    const auto count = reader_.Count(selection, Deadline());
    std::set<int64_t> ids;
    if (!run.ok()) return ids;
    for (const FoundEntity& entity : run->entities) ids.insert(entity.id);
    EXPECT_EQ(count.value_or(-1), static_cast<int64_t>(ids.size()));
    return ids;
  }

  template <typename Entity>
  void ExpectNoDisagreement(EntityKind kind, const Schema& schema,
                            const std::map<int64_t, Entity>& entities, std::mt19937& random) {
    int matches = 0;
    const int filters = FilterCount();
    for (int i = 0; i < filters; ++i) {
      const std::string text = RandomFilter(random, schema, kEntities, kNow);
      const auto filter = Filter::Compile(text, schema);
      ASSERT_TRUE(filter.ok()) << text << "\n" << filter.status();
      std::set<int64_t> in_memory;
      for (const auto& [id, entity] : entities) {
        if (filter->Matches(entity, kNow)) in_memory.insert(id);
      }
      ASSERT_EQ(InSql(kind, *filter), in_memory) << text;
      matches += static_cast<int>(in_memory.size());
    }
    // The filters must tell entities apart, or nothing was tried.
    EXPECT_GT(matches, filters * kEntities / 20);
    EXPECT_LT(matches, filters * kEntities * 19 / 20);
  }

  PgEntityReader reader_{pool_};
};

TEST_F(FilterSqlTest, AgreesWithTheEvaluatorInMemory) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  std::map<int64_t, Contact> contacts;
  std::map<int64_t, Organization> organizations;
  std::map<int64_t, Activity> activities;
  for (int id = 1; id <= kEntities; ++id) {
    contacts[id] = RandomContact(random, id, kNow);
    organizations[id] = RandomOrganization(random, id, kNow);
    activities[id] = RandomActivity(random, id, kNow);
    *activities[id].mutable_contact() = contacts[id];
  }
  Store(contacts, organizations, activities);

  ExpectNoDisagreement(EntityKind::kContact, entity::ContactFilterSchema(), contacts, random);
  ExpectNoDisagreement(EntityKind::kOrganization, entity::OrganizationFilterSchema(), organizations,
                       random);
  ExpectNoDisagreement(EntityKind::kActivity, entity::ActivityFilterSchema(), activities, random);
}

TEST_F(FilterSqlTest, AnActivityIsFilteredByTheContactThatItsOwnBecamePartOf) {
  Contact winner = ContactWith({"a@example.com"});
  winner.set_full_name("Winner");
  Contact loser = ContactWith({"b@example.com"});
  loser.set_full_name("Loser");
  Ingest(store_, {ContactOf(1, winner)});
  Ingest(store_, {ActivityOf(1, "activity", loser)});
  Ingest(store_, {ContactOf(1, ContactWith({"a@example.com", "b@example.com"}))});

  const auto ids = [this](const char* text) {
    return InSql(EntityKind::kActivity, *Filter::Compile(text, entity::ActivityFilterSchema()));
  };
  EXPECT_EQ(ids("contact.full_name = winner").size(), 1);
  EXPECT_EQ(ids("contact.all_emails:\"a@example.com\"").size(), 1);
  EXPECT_EQ(ids("contact.full_name = loser").size(), 0);
}

}  // namespace
}  // namespace crier::ingest::storage
