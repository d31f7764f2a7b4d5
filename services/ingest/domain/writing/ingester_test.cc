#include "services/ingest/domain/writing/ingester.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/domain/fakes/fake_entity_store.h"
#include "services/ingest/domain/fakes/test_records.h"

namespace crier::ingest {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

class CountingObserver : public IngestObserver {
 public:
  void OnCommit(size_t records, absl::Duration elapsed) override { commits.push_back(records); }
  void OnEvent(Event::Kind kind) override { ++events[kind]; }
  void OnRefused(size_t) override {}

  std::vector<size_t> commits;
  std::map<Event::Kind, int> events;
};

class FakeReader : public LogTail::Reader {
 public:
  void OnWake(absl::Status status) override { ++wakes; }
  int wakes = 0;
};

class IngesterTest : public testing::Test {
 protected:
  std::vector<std::string> Ingest(const std::vector<std::string>& domains) {
    std::vector<Record> records;
    for (const std::string& domain : domains) records.push_back(OrganizationOf(1, domain, "name"));
    std::vector<std::string> answers;
    for (const auto& result : ingester_.Ingest(records, absl::InfiniteFuture())) {
      answers.push_back(result.ok() ? "OK" : absl::StatusCodeToString(result.status().code()));
    }
    return answers;
  }

  // Every transaction with this domain fails.
  void FailOn(const std::string& domain, absl::Status status) {
    store_.fail = [=](const Changes& changes) {
      return changes.organizations.count({1, domain}) ? status : absl::OkStatus();
    };
  }

  FakeClock clock_{absl::FromUnixSeconds(1700000000)};
  FakeEntityStore store_{1};
  LogTail tail_;
  CountingObserver observer_;
  RecentEvents recent_{clock_};
  Ingester ingester_{store_, recent_, tail_, clock_, observer_};
};

TEST_F(IngesterTest, StoresABatchInOneTransactionAndWakesReaders) {
  FakeReader reader;
  ASSERT_TRUE(tail_.Await(&reader, 0, 0));

  EXPECT_THAT(Ingest({"a.com", "b.com"}), ElementsAre("OK", "OK"));

  EXPECT_THAT(observer_.commits, ElementsAre(2));
  EXPECT_THAT(observer_.events, ElementsAre(Pair(Event::ORGANIZATION_FOUND, 2)));
  EXPECT_EQ(reader.wakes, 1);
}

TEST_F(IngesterTest, APoisonousRecordDoesNotFailItsNeighbours) {
  FailOn("poison.com", absl::InternalError("constraint"));

  EXPECT_THAT(Ingest({"a.com", "poison.com", "b.com"}), ElementsAre("OK", "INTERNAL", "OK"));

  EXPECT_THAT(observer_.commits, ElementsAre(3, 1, 1, 1));
  EXPECT_THAT(store_.known.organizations, SizeIs(2));
  EXPECT_EQ(store_.known.heads[0].position, 2) << "no gap where the failure was";
}

TEST_F(IngesterTest, AnOutageFailsTheBatchWithoutTryingOneByOne) {
  for (const absl::Status& status :
       {absl::UnavailableError("away"), absl::DeadlineExceededError("slow"),
        NamedError(absl::StatusCode::kUnavailable, "COMMIT_UNKNOWN", "lost")}) {
    observer_.commits.clear();
    FailOn("a.com", status);

    EXPECT_THAT(Ingest({"a.com", "b.com"}), ElementsAre("UNAVAILABLE", "UNAVAILABLE")) << status;

    EXPECT_THAT(observer_.commits, ElementsAre(2));
  }
}

TEST_F(IngesterTest, AnOutageInTheMidstOfGoingOneByOneEndsThat) {
  int transactions = 0;
  store_.fail = [&](const Changes&) {
    ++transactions;
    return transactions == 1   ? absl::InternalError("constraint")
           : transactions == 3 ? absl::UnavailableError("away")
                               : absl::OkStatus();
  };

  EXPECT_THAT(Ingest({"a.com", "b.com", "c.com", "d.com"}),
              ElementsAre("OK", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"));
  EXPECT_EQ(transactions, 3);
}

TEST_F(IngesterTest, ABatchWithLargeEventsTakesSeveralTransactions) {
  // Each makes two events of about 250 KB.
  entity::v1::Contact contact = ContactWith({"large@example.com"});
  for (int i = 0; i < 62; ++i) {
    (*contact.mutable_custom_fields())[absl::StrCat(i)] = std::string(4000, 'x');
  }
  std::vector<Record> records(100, ContactOf(1, contact));
  for (int i = 0; i < 100; ++i) {
    records[i] = ActivityOf(1, absl::StrCat(i), contact);
    std::get<ActivityRecord>(records[i].content).contact.sightings = {Seen("Discord", i)};
  }

  const auto results = ingester_.Ingest(records, absl::InfiniteFuture());

  EXPECT_THAT(results, SizeIs(100));
  for (const auto& result : results) EXPECT_TRUE(result.ok());
  EXPECT_THAT(observer_.commits, SizeIs(2));
  EXPECT_THAT(store_.known.activities, SizeIs(100));
}

TEST_F(IngesterTest, ARetryAfterAnUnknownCommitIsHarmless) {
  Ingest({"a.com"});  // as if this commit had gone through unnoticed
  const int64_t position = store_.known.heads[0].position;

  EXPECT_THAT(Ingest({"a.com"}), ElementsAre("OK"));

  EXPECT_EQ(store_.known.heads[0].position, position);
}

}  // namespace
}  // namespace crier::ingest
