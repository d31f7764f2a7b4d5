#include "services/ingest/storage/entity_store.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/base/clock.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/log/log_partition.h"
#include "services/ingest/domain/writing/entity_store_conformance.h"
#include "services/ingest/domain/writing/ingester.h"
#include "services/ingest/storage/store_test_fixture.h"
#include "tests/support/postgres_proxy.h"

namespace crier::ingest::storage {
namespace {

using entity::v1::Contact;
using entity::v1::Event;
using testing::ElementsAre;
using testing::Eq;
using testing::SizeIs;
using testing::StartsWith;

using EntityStoreTest = StoreTest;

class NoObserver : public IngestObserver {
 public:
  void OnCommit(size_t, absl::Duration) override {}
  void OnEvent(Event::Kind) override {}
  void OnRefused(size_t) override {}
};

// A store with tables of its own.
class StoreWithTables : public EntityStore {
 public:
  StoreWithTables() { MakeTables(pool_, absl::Now()); }

  absl::StatusOr<Changes> Transact(const Lookup& lookup, absl::Time deadline,
                                   absl::FunctionRef<Changes(Known)> decide) override {
    return store_.Transact(lookup, deadline, decide);
  }

 private:
  tests::TestDatabase postgres_;
  pg::Pool pool_{postgres_.NewSchema(), {}};
  PgEntityStore store_{pool_};
};

std::unique_ptr<EntityStore> MakePgStore() { return std::make_unique<StoreWithTables>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, EntityStoreConformance, testing::Values(&MakePgStore));

TEST_F(EntityStoreTest, KnowsLabelsByNameAndById) {
  Contact contact = ContactWith({"a@x.y"});
  contact.add_tags()->set_name("VIP {\"quoted\"}");
  contact.add_segments()->set_name("VIP");
  Ingest(store_, {ContactOf(1, contact), ContactOf(2, contact)});
  contact.set_all_emails(0, "b@x.y");
  contact.mutable_tags(0)->set_name("vip {\"QUOTED\"}");
  contact.add_tags()->set_name("new");
  contact.add_tags()->set_id(70);
  contact.mutable_tags(2)->set_name("given");
  Ingest(store_, {ContactOf(1, contact)});
  contact.set_all_emails(0, "c@x.y");
  contact.clear_tags();
  contact.add_tags()->set_name("after");
  Ingest(store_, {ContactOf(1, contact)});

  const auto rows = postgres_->Run(
      database_, "SELECT tag_id, name FROM tags WHERE community_id = 1 ORDER BY tag_id");
  std::vector<std::string> tags;
  for (const auto row : rows) tags.push_back(absl::StrCat(row.Int64(0), " ", row.Text(1)));
  EXPECT_THAT(tags, ElementsAre("1 VIP {\"quoted\"}", "70 given", "71 new", "72 after"));
  EXPECT_EQ(Count("segments"), 2) << "one in each community";
}

TEST_F(EntityStoreTest, ARepeatedRequestIsKnownToEveryReplica) {
  Record record = ContactOf(1, ContactWith({"a@x.y"}));
  record.request = {"r1", std::string("\0\xff", 2)};
  Ingest(store_, {record});
  pg::Pool other_pool(database_, {});
  PgEntityStore other(other_pool);
  EXPECT_THAT(Ingest(other, {record}), ElementsAre("CREATED communities/1/contacts/1"));
  record.request.fingerprint = "other";
  EXPECT_THAT(Ingest(other, {record}), ElementsAre("INVALID_ARGUMENT"));
  EXPECT_EQ(Count("events"), 1);
}

TEST_F(EntityStoreTest, AMergeLeavesNothingOfTheLoserButARedirectStraightToTheWinner) {
  for (const char* email : {"a@x.y", "b@x.y", "c@x.y"}) {
    Ingest(store_, {ContactOf(1, ContactWith({email}))});
  }

  Ingest(store_, {ContactOf(1, ContactWith({"c@x.y", "b@x.y"}))});
  Ingest(store_, {ContactOf(1, ContactWith({"b@x.y", "a@x.y"}))});

  EXPECT_EQ(Count("contacts"), 1);
  EXPECT_EQ(Count("contact_redirects WHERE winner_id = 1"), 2);
  EXPECT_EQ(Count("contact_identities WHERE contact_id = 1"), 3);
}

TEST_F(EntityStoreTest, AHandleThatWasReplacedLeadsOnAlsoAfterAMerge) {
  Ingest(store_, {ContactOf(1, ContactWith({"a@x.y"}))});
  for (const char* handle : {"former", "present"}) {
    Contact contact = ContactWith({"b@x.y"});
    contact.mutable_github()->set_handle(handle);
    Ingest(store_, {ContactOf(1, contact)});
  }
  EXPECT_EQ(Count("contact_identities WHERE contact_id = 2 AND apart AND value = 'former'"), 1);
  EXPECT_EQ(Count("contact_identities WHERE contact_id = 2 AND NOT apart"), 2);

  Ingest(store_, {ContactOf(1, ContactWith({"a@x.y", "b@x.y"}))});

  Contact contact;
  for (const char* handle : {"former", "present"}) {
    contact.mutable_github()->set_handle(handle);
    EXPECT_THAT(Ingest(store_, {ContactOf(1, contact)}),
                ElementsAre("UPDATED communities/1/contacts/1"))
        << handle;
  }
  EXPECT_EQ(Count("contact_identities WHERE contact_id = 1"), 4);
}

TEST_F(EntityStoreTest, ABatchThatOnlyRepeatsWritesNothing) {
  const std::vector<Record> records = {OrganizationOf(1, "acme.com", "Acme")};
  Ingest(store_, records);
  const auto version = [&] {
    return postgres_->Run(database_, "SELECT sum(xmin::text::bigint) FROM log_heads")[0].Text(0);
  };
  const std::string before = version();

  Ingest(store_, records);

  EXPECT_EQ(version(), before);
}

TEST_F(EntityStoreTest, APoisonousRecordFailsAlone) {
  postgres_->Run(database_, "ALTER TABLE organizations ADD CHECK (domain <> 'poison.com')");
  LogTail tail;
  NoObserver observer;
  RecentEvents recent(SystemClock());
  Ingester ingester(store_, recent, tail, SystemClock(), observer);
  const std::vector<Record> records = {OrganizationOf(1, "a.com", ""),
                                       OrganizationOf(1, "poison.com", ""),
                                       OrganizationOf(1, "b.com", "")};

  const auto results = ingester.Ingest(records, Deadline());

  ASSERT_THAT(results, SizeIs(3));
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(results[1].status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(results[2].ok());
  EXPECT_EQ(Count("organizations"), 2);
  const int32_t partition = LogPartitionOf(1, 16);
  EXPECT_EQ(log_.Heads(Deadline())->at(partition).position, 2);
}

TEST_F(EntityStoreTest, ARetryAfterACommitOfUnknownOutcomeIsHarmless) {
  tests::PostgresProxy proxy(postgres_->url());
  pg::Pool pool({proxy.url(), database_.role, database_.schema}, {});
  PgEntityStore store(pool);
  const Record known = OrganizationOf(1, "known.com", "");
  Ingest(store, {known});
  const std::vector<Record> records = {OrganizationOf(1, "acme.com", "Acme"), known};
  LogTail tail;
  NoObserver observer;
  RecentEvents recent(SystemClock());
  Ingester ingester(store, recent, tail, SystemClock(), observer);

  // With its final NUL: BEGIN says READ COMMITTED.
  proxy.BreakAt(absl::string_view("COMMIT\0", 7), tests::PostgresProxy::Fault::kLoseReply);
  const auto lost = ingester.Ingest(records, Deadline());
  const auto again = ingester.Ingest(records, Deadline());

  EXPECT_EQ(lost[0].status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(lost[0].status()), "DATABASE_UNAVAILABLE");
  ASSERT_TRUE(again[0].ok());
  EXPECT_EQ(again[0]->outcome, Ingested::Outcome::kUnchanged);
  EXPECT_EQ(Count("events"), 2);
}

// Holds heads of the log, as somebody does who is none of us.
class HeldHeads {
 public:
  HeldHeads(const pg::Database& database, const std::string& condition)
      : statement_(absl::StrCat("SELECT FROM log_heads WHERE ", condition, " FOR UPDATE")),
        pool_(database, {}),
        holder_([this] { Hold(); }) {
    held_.WaitForNotification();
  }

  ~HeldHeads() { LetGo(); }

  void LetGo() {
    if (!let_go_.HasBeenNotified()) let_go_.Notify();
    if (holder_.joinable()) holder_.join();
  }

 private:
  void Hold() {
    const absl::Status status =
        pool_.Run(tests::TestDatabase::Deadline(), [this](pg::Transaction& transaction) {
          const absl::Status locked = transaction.ExecuteDynamic(statement_).status();
          held_.Notify();
          while (locked.ok() && !let_go_.WaitForNotificationWithTimeout(absl::Seconds(1))) {
            // Or Postgres takes the transaction for one that hangs.
            EXPECT_TRUE(transaction.ExecuteDynamic("SELECT").ok());
          }
          return locked;
        });
    EXPECT_EQ(status, absl::OkStatus());
  }

  const std::string statement_;
  pg::Pool pool_;
  absl::Notification held_, let_go_;
  std::thread holder_;
};

std::string HeadOf(int64_t community) {
  return absl::StrCat("log_partition = ", LogPartitionOf(community, 16));
}

TEST_F(EntityStoreTest, AHeadThatSomebodyHoldsOnToHoldsUpOnlyItsOwnCommunities) {
  constexpr int64_t kBusy = 1;
  int64_t free = 2;
  while (LogPartitionOf(free, 16) == LogPartitionOf(kBusy, 16)) ++free;
  const auto ingest = [&](const std::string& domain) {
    return Ingest(store_, {OrganizationOf(kBusy, domain, ""), OrganizationOf(free, domain, "")});
  };
  HeldHeads head(database_, HeadOf(kBusy));

  EXPECT_THAT(ingest("a.com"), ElementsAre(Eq("UNAVAILABLE"), StartsWith("CREATED")));
  EXPECT_THAT(ingest("b.com"), ElementsAre(Eq("UNAVAILABLE"), StartsWith("CREATED")));
  head.LetGo();
  EXPECT_THAT(ingest("a.com"), ElementsAre(StartsWith("CREATED"), StartsWith("UNCHANGED")));
  EXPECT_EQ(Count("events"), 3);
}

// Two replicas wait for the head, and one of them holds that of the other community meanwhile.
TEST_F(EntityStoreTest, WhoWaitsForAHeldHeadHoldsUpOnlyItsCommunities) {
  constexpr int64_t kBusy = 1;
  int64_t free = 2;
  while (LogPartitionOf(free, 16) >= LogPartitionOf(kBusy, 16)) ++free;
  pg::Pool other_pool(database_, {});
  PgEntityStore other_store(other_pool);
  HeldHeads head(database_, HeadOf(kBusy));

  std::vector<std::string> others;
  std::thread other([&] {
    others = Ingest(other_store,
                    {OrganizationOf(kBusy, "a.com", ""), OrganizationOf(free, "a.com", "")});
  });
  const std::vector<std::string> ours =
      Ingest(store_, {OrganizationOf(kBusy, "b.com", ""), OrganizationOf(free, "b.com", "")});
  other.join();

  EXPECT_THAT(ours, ElementsAre(Eq("UNAVAILABLE"), StartsWith("CREATED")));
  EXPECT_THAT(others, ElementsAre(Eq("UNAVAILABLE"), StartsWith("CREATED")));
}

// As a replica does that stands still.
TEST_F(EntityStoreTest, HeadsThatSomebodyHoldsOnToAreWaitedForTogether) {
  constexpr int64_t kFree = 1;
  std::vector<Record> records;
  for (int64_t community = kFree; community < 100; ++community) {
    records.push_back(OrganizationOf(community, "a.com", ""));
  }
  HeldHeads heads(database_, absl::StrCat("NOT ", HeadOf(kFree)));

  EXPECT_THAT(Ingest(store_, records)[0], StartsWith("CREATED"));
}

TEST_F(EntityStoreTest, WithoutItsSchemaItIsUnavailable) {
  pg::Pool pool(postgres_->NewSchema(), {});
  PgEntityStore store(pool);

  EXPECT_THAT(Ingest(store, {OrganizationOf(1, "acme.com", "")}),
              ElementsAre(StartsWith("UNAVAILABLE")));
}

// Two replicas, two writers each, all about the same people and the same log partitions; a reader
// follows one partition all the while.
TEST_F(EntityStoreTest, ConcurrentWritersAgreeOnIdentitiesAndLeaveNoGaps) {
  constexpr int kBatches = 40;
  constexpr int kPeople = 7;
  pg::Pool other_pool(database_, {});
  PgEntityStore other_store(other_pool);
  std::atomic<int> created{0};
  const auto write = [&](EntityStore& store, int writer) {
    for (int batch = 0; batch < kBatches; ++batch) {
      std::vector<Record> records;
      for (int i = 0; i < 5; ++i) {
        const int person = (batch + i * writer) % kPeople;
        Contact contact = ContactWith({absl::StrCat("person", person, "@example.com")});
        contact.set_title(absl::StrCat(writer, " ", batch, " ", i));  // always news
        records.push_back(ContactOf(1 + person % 2, contact));
      }
      for (const std::string& outcome : Ingest(store, records)) {
        EXPECT_FALSE(outcome.empty() || outcome[0] == 'I') << outcome;
        if (outcome[0] == 'C') ++created;
      }
    }
  };
  const int32_t followed = LogPartitionOf(1, 16);
  std::atomic<bool> writing{true};
  int64_t last = 0;
  std::thread reader([&] {
    bool more = true;
    while (more) {
      const bool final_round = !writing.load();
      const auto read = log_.Read(followed, last, ReadLimits(), Deadline());
      ASSERT_TRUE(read.ok()) << read.status();
      for (const std::string& bytes : read->events) {
        Event event;
        ASSERT_TRUE(event.ParseFromString(bytes));
        ASSERT_EQ(event.position(), ++last);
      }
      more = !final_round || !read->events.empty();
    }
  });

  std::vector<std::thread> writers;
  for (int writer = 1; writer <= 4; ++writer) {
    writers.emplace_back([&, writer] { write(writer % 2 ? store_ : other_store, writer); });
  }
  for (std::thread& writer : writers) writer.join();
  writing.store(false);
  reader.join();

  EXPECT_EQ(created.load(), kPeople);
  EXPECT_EQ(Count("contacts"), kPeople);
  EXPECT_EQ(Count("events"), 4 * kBatches * 5);
  const auto gaps =
      postgres_->Run(database_,
                     "SELECT count(*) FROM (SELECT log_partition FROM events GROUP BY log_partition"
                     " HAVING count(*) <> max(position) OR min(position) <> 1) AS g");
  EXPECT_EQ(gaps[0].Int64(0), 0);
  EXPECT_EQ(last, log_.Heads(Deadline())->at(followed).position);
}

}  // namespace
}  // namespace crier::ingest::storage
