#include "services/ingest/server.h"

#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/config/options.h"
#include "common/pg/pool.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/server_test_fixture.h"
#include "tests/support/postgres_proxy.h"

namespace crier::ingest {
namespace {

using entity::v1::Event;
using testing::ElementsAre;
using testing::SizeIs;

template <typename Request>
Request Sample(const std::string& file) {
  std::ifstream stream(absl::StrCat(CRIER_TESTDATA, "/records/", file));
  std::stringstream json;
  json << stream.rdbuf();
  Request request;
  const auto status = google::protobuf::util::JsonStringToMessage(json.str(), &request);
  EXPECT_TRUE(status.ok()) << file << ": " << status.ToString();
  request.set_parent("communities/123");
  return request;
}

TEST_F(ServerTest, TakesInTheDocumentedEntities) {
  Replica replica(options_);
  replica.WaitUntilReady();
  v1::IngestResult contact, organization, activity;

  ASSERT_EQ(
      Ingest(replica, Sample<v1::UpsertOrganizationRequest>("organization.json"), &organization),
      absl::OkStatus());
  ASSERT_EQ(Ingest(replica, Sample<v1::UpsertContactRequest>("contact.json"), &contact),
            absl::OkStatus());
  ASSERT_EQ(Ingest(replica, Sample<v1::RecordActivityRequest>("activity.json"), &activity),
            absl::OkStatus());

  EXPECT_EQ(contact.name(), "communities/123/contacts/2");
  EXPECT_EQ(contact.outcome(), v1::IngestResult::CREATED);
  EXPECT_EQ(organization.name(), "communities/123/organizations/1");
  EXPECT_EQ(activity.name(), "communities/123/activities/3");
  Stream stream(replica, HeadOf(replica, "communities/123").log_partition(), 0);
  const std::vector<Event> events = stream.Next();
  ASSERT_THAT(events, SizeIs(4));
  EXPECT_EQ(events[0].kind(), Event::ORGANIZATION_FOUND);
  EXPECT_EQ(events[1].kind(), Event::CONTACT_FOUND);
  EXPECT_EQ(events[1].contact().first_seen_signal(), "YouTube");
  EXPECT_EQ(events[1].contact().last_seen_source(), "LinkedIn");
  EXPECT_EQ(events[1].contact().discord().user_id(), "msanford#12345678");
  EXPECT_EQ(events[2].kind(), Event::CONTACT_UPDATED) << "seen in Discord";
  EXPECT_EQ(events[3].kind(), Event::ACTIVITY_FOUND);
  EXPECT_EQ(events[3].activity().provider_id(), 1234);
  EXPECT_EQ(events[3].activity().contact().name(), contact.name());
  EXPECT_EQ(events[3].activity().contact().title(), "Technical Writer");
}

TEST_F(ServerTest, RepeatingACallIsSafe) {
  Replica replica(options_);
  replica.WaitUntilReady();
  const auto request = Sample<v1::UpsertContactRequest>("contact.json");
  v1::IngestResult first, second;

  ASSERT_EQ(Ingest(replica, request, &first), absl::OkStatus());
  ASSERT_EQ(Ingest(replica, request, &second), absl::OkStatus());

  EXPECT_EQ(second.outcome(), v1::IngestResult::UNCHANGED);
  EXPECT_EQ(second.name(), first.name());
  EXPECT_EQ(HeadOf(replica, "communities/123").position(), 2) << "contact and organization";
}

TEST_F(ServerTest, ItemsOfABatchSucceedAndFailOneByOne) {
  Replica replica(options_);
  replica.WaitUntilReady();
  postgres_->Run({postgres_->url(), "", options_.postgres.schema},
                 "ALTER TABLE organizations ADD CHECK (domain <> 'poison.com')");
  v1::BatchIngestRequest request;
  *request.add_items()->mutable_organization() = OrganizationRequest("a.com");
  *request.add_items()->mutable_organization() = OrganizationRequest("invalid");
  request.add_items();
  *request.add_items()->mutable_organization() = OrganizationRequest("poison.com");
  *request.add_items()->mutable_contact() = Sample<v1::UpsertContactRequest>("contact.json");
  *request.add_items()->mutable_organization() = OrganizationRequest("a.com");

  v1::BatchIngestResponse response;
  ASSERT_EQ(Ingest(replica, request, &response), absl::OkStatus());

  ASSERT_EQ(response.results_size(), 6);
  EXPECT_EQ(response.results(0).result().outcome(), v1::IngestResult::CREATED);
  EXPECT_THAT(BadFields(response.results(1).error()), ElementsAre("organization.domain"));
  EXPECT_THAT(BadFields(response.results(2).error()), ElementsAre("record"));
  EXPECT_EQ(response.results(3).error().code(), 13);
  EXPECT_EQ(response.results(4).result().outcome(), v1::IngestResult::CREATED);
  EXPECT_EQ(response.results(5).result().outcome(), v1::IngestResult::UNCHANGED);
  EXPECT_EQ(response.results(5).result().name(), response.results(0).result().name());
}

TEST_F(ServerTest, ManyCallersAtOnceEachGetTheirOwnResult) {
  Replica replica(options_);
  replica.WaitUntilReady();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 20; ++i) {
        AddOrganization(replica, absl::StrCat("caller", caller, "-", i, ".com"));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();

  EXPECT_EQ(HeadOf(replica, "communities/1").position(), 160);
}

TEST_F(ServerTest, ASubscriptionResumesWhereItsReaderWants) {
  Replica replica(options_);
  replica.WaitUntilReady();
  for (int i = 0; i < 3; ++i) AddOrganization(replica, absl::StrCat(i, ".com"));
  const v1::LogHead head = HeadOf(replica, "communities/1");

  Stream stream(replica, head.log_partition(), 1);
  const std::vector<Event> events = stream.Next();

  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].position(), 2);
  EXPECT_EQ(events[0].organization().domain(), "1.com");
  EXPECT_EQ(events[1].position(), 3);
}

TEST_F(ServerTest, ASubscriptionCrossesManyFrames) {
  Replica replica(options_);
  replica.WaitUntilReady();
  for (int batch = 0; batch < 2; ++batch) {
    v1::BatchIngestRequest request;
    for (int i = 0; i < 700; ++i) {
      *request.add_items()->mutable_organization() =
          OrganizationRequest(absl::StrCat(batch, "-", i, ".com"));
    }
    v1::BatchIngestResponse response;
    ASSERT_EQ(Ingest(replica, request, &response), absl::OkStatus());
  }

  Stream stream(replica, HeadOf(replica, "communities/1").log_partition(), 0);
  int64_t last = 0;
  while (last < 1400) {
    const std::vector<Event> events = stream.Next();
    ASSERT_FALSE(events.empty());
    ASSERT_LE(events.size(), 500u);
    for (const Event& event : events) ASSERT_EQ(event.position(), ++last);
  }
}

// If these waited for the look at the heads every 5 s, the rounds would take half a minute.
class WakeTest : public ServerTest {
 protected:
  void ExpectWakesAtOnce(Replica& writer, Replica& reader) {
    const int32_t partition = HeadOf(reader, "communities/1").log_partition();
    Stream stream(reader, partition, 0);
    const absl::Time start = absl::Now();
    for (int round = 0; round < 6; ++round) {
      AddOrganization(writer, absl::StrCat(round, ".com"));
      const std::vector<Event> events = stream.Next();
      ASSERT_THAT(events, SizeIs(1));
      EXPECT_EQ(events[0].position(), round + 1);
    }
    EXPECT_LT(absl::Now() - start, absl::Seconds(15));
  }
};

TEST_F(WakeTest, AWaitingSubscriptionIsWokenByACommitOfItsReplica) {
  Replica replica(options_);
  replica.WaitUntilReady();

  ExpectWakesAtOnce(replica, replica);
}

TEST_F(WakeTest, AWaitingSubscriptionIsWokenByACommitOfAnotherReplica) {
  Replica writer(options_);
  Replica reader(options_);
  writer.WaitUntilReady();
  reader.WaitUntilReady();

  ExpectWakesAtOnce(writer, reader);
}

TEST_F(ServerTest, SubscriptionsEndWhenTheServerDrains) {
  Replica replica(options_);
  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
  const int32_t partition = HeadOf(replica, "communities/1").log_partition();
  Stream waiting(replica, partition, 0);
  ASSERT_THAT(waiting.Next(), SizeIs(1));

  replica.Stop();

  const absl::Status ended = waiting.End();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(ended), "DRAINING");
  Stream late(replica, partition, 0);
  EXPECT_EQ(ErrorReason(late.End()), "DRAINING");
  AddOrganization(replica, "calls-are-still-answered.com");
}

TEST_F(ServerTest, ASubscriptionThatItsReaderCancelsIsOver) {
  Replica replica(options_);
  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
  const int32_t partition = HeadOf(replica, "communities/1").log_partition();
  for (int i = 0; i < 20; ++i) {
    Stream idle(replica, partition, i % 2);
    if (i % 2 == 0) EXPECT_THAT(idle.Next(), SizeIs(1));
  }
  AddOrganization(replica, "b.com");
  // The destructor of the replica would wait for streams that are left over.
}

TEST_F(ServerTest, RefusesSubscriptionsThatMakeNoSense) {
  Replica replica(options_);
  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
  const int32_t partition = HeadOf(replica, "communities/1").log_partition();

  const absl::Status beyond = Stream(replica, partition, 2).End();
  EXPECT_EQ(beyond.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ErrorReason(beyond), "POSITION_BEYOND_HEAD");
  EXPECT_THAT(BadFields(rpc::ToProto(Stream(replica, -1, -1).End())),
              ElementsAre("log_partition", "after_position"));
  EXPECT_THAT(BadFields(rpc::ToProto(Stream(replica, 16, 0).End())), ElementsAre("log_partition"));
}

TEST_F(ServerTest, TellsReadersThatEventsAreNoLongerKept) {
  Replica writer(options_), replica(options_);  // the writer has its events in memory for a moment
  writer.WaitUntilReady();
  AddOrganization(writer, "a.com");
  const int32_t partition = HeadOf(writer, "communities/1").log_partition();
  postgres_->Run({postgres_->url(), "", options_.postgres.schema}, "TRUNCATE events");

  const absl::Status status = Stream(replica, partition, 0).End();

  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ErrorReason(status), "POSITION_NOT_KEPT");
}

TEST_F(ServerTest, TellsWhereTheLogsEnd) {
  Replica replica(options_);
  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
  const v1::LogHead head = HeadOf(replica, "communities/1");

  v1::ListLogHeadsResponse heads;
  ASSERT_EQ(Call(*replica.events, &v1::EventService::Stub::ListLogHeads, v1::ListLogHeadsRequest(),
                 &heads),
            absl::OkStatus());

  EXPECT_EQ(head.position(), 1);
  ASSERT_EQ(heads.heads_size(), 16);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(heads.heads(i).log_partition(), i);
    EXPECT_EQ(heads.heads(i).position(), i == head.log_partition() ? 1 : 0);
    EXPECT_EQ(heads.heads(i).has_accept_time(), i == head.log_partition());
  }
  v1::GetLogHeadRequest malformed;
  malformed.set_community("communities/x");
  v1::LogHead ignored;
  const absl::Status status =
      Call(*replica.events, &v1::EventService::Stub::GetLogHead, malformed, &ignored);
  EXPECT_THAT(BadFields(rpc::ToProto(status)), ElementsAre("community"));
}

TEST_F(ServerTest, WithoutItsDatabaseItIsUnavailableAndEndsSubscriptions) {
  auto proxy = std::make_unique<tests::PostgresProxy>(postgres_->url());
  options_.postgres.url = proxy->url();
  Replica replica(options_);
  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
  Stream idle(replica, HeadOf(replica, "communities/1").log_partition(), 0);
  ASSERT_THAT(idle.Next(), SizeIs(1));

  proxy.reset();

  v1::IngestResult result;
  EXPECT_EQ(Ingest(replica, OrganizationRequest("b.com"), &result).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(idle.End().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(replica.CheckReady().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ServerTest, GoesOnWhenTheMachineHasSleptForDays) {
  FakeClock clock(absl::Now());
  Replica replica(options_, clock);
  replica.WaitUntilReady();
  v1::IngestResult result;
  ASSERT_EQ(Ingest(replica, OrganizationRequest("a.com"), &result), absl::OkStatus());

  clock.Step(absl::Hours(24 * 9));

  absl::Status status;
  const absl::Duration end = SystemClock().Monotonic() + absl::Seconds(30);
  do {
    status = Ingest(replica, OrganizationRequest("b.com"), &result);
  } while (absl::IsUnavailable(status) && SystemClock().Monotonic() < end);
  EXPECT_EQ(status, absl::OkStatus());
}

TEST_F(ServerTest, DeletionsThatWaitForALockHoldUpNobodyWhoReads) {
  Replica replica(options_);
  replica.WaitUntilReady();
  v1::IngestResult stored;
  ASSERT_EQ(Ingest(replica, ContactRequest("a@example.com"), &stored), absl::OkStatus());
  pg::Pool pool({options_.postgres.url, "", options_.postgres.schema}, {});
  std::vector<std::thread> callers;

  const absl::Status held =
      pool.Run(absl::Now() + absl::Seconds(30), [&](pg::Transaction& transaction) -> absl::Status {
        RETURN_IF_ERROR(transaction.ExecuteDynamic("SELECT FROM log_heads FOR UPDATE").status());
        for (int i = 0; i < 2 * options_.query_connections; ++i) {
          callers.emplace_back([&] {
            v1::DeleteContactRequest request;
            request.set_name(stored.name());
            google::protobuf::Empty nothing;
            Call(*replica.entities, &v1::EntityService::Stub::DeleteContact, request, &nothing)
                .IgnoreError();
          });
        }
        EXPECT_TRUE(tests::AwaitBlocked(transaction));

        v1::GetContactRequest request;
        request.set_name(stored.name());
        entity::v1::Contact contact;
        grpc::ClientContext context;
        context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(4)));
        EXPECT_TRUE(replica.entities->GetContact(&context, request, &contact).ok());
        return absl::OkStatus();
      });

  EXPECT_EQ(held, absl::OkStatus());
  for (std::thread& caller : callers) caller.join();
}

TEST_F(ServerTest, IsNotReadyBeforeTheSchemaIsThereAndReadyAfterwards) {
  options_.postgres.schema = postgres_->NewSchemaName().schema;
  Replica replica(options_);
  EXPECT_EQ(replica.CheckReady().code(), absl::StatusCode::kFailedPrecondition);
  v1::IngestResult result;
  EXPECT_EQ(Ingest(replica, OrganizationRequest("a.com"), &result).code(),
            absl::StatusCode::kUnavailable);

  ASSERT_EQ(Migrate(options_), absl::OkStatus());

  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
}

TEST_F(ServerTest, CountsWhatItDoes) {
  Replica replica(options_);
  replica.WaitUntilReady();
  AddOrganization(replica, "a.com");
  AddOrganization(replica, "b.com");

  std::vector<std::string> names;
  double organizations = 0;
  for (const auto& family : replica.registry.registry()->Collect()) {
    // Those of what it is built on are in the golden file of the whole suite.
    if (absl::StartsWith(family.name, "crier_ingest_")) names.push_back(family.name);
    for (const auto& metric : family.metric) {
      if (family.name == "crier_ingest_events_total" &&
          metric.label[0].value == "organization_found") {
        organizations = metric.counter.value;
      }
    }
  }

  EXPECT_THAT(names, testing::UnorderedElementsAre(
                         "crier_ingest_batch_records", "crier_ingest_commit_seconds",
                         "crier_ingest_community_deletion_age_seconds", "crier_ingest_events_total",
                         "crier_ingest_refused_total"));
  EXPECT_EQ(organizations, 2);
}

TEST(IngestOptionsTest, AreReadWithAndWithoutAPrefix) {
  for (const std::string& prefix : {std::string(), std::string("ingest.")}) {
    IngestOptions target;
    config::Options options("crier-ingest", "test", "0");
    AddOptions(options, prefix, &target);
    const std::string url = absl::StrCat("--", prefix, "postgres-url=postgresql://x/y");
    const std::string retention = absl::StrCat("--", prefix, "event-retention=48h");
    const char* const argv[] = {"crier-ingest", url.c_str(), retention.c_str()};
    const char* const environment[] = {nullptr};

    ASSERT_TRUE(options.Parse(3, argv, environment).ok());

    EXPECT_EQ(target.postgres.url, "postgresql://x/y");
    EXPECT_EQ(target.event_retention, absl::Hours(48));
    EXPECT_EQ(target.postgres.schema, "ingest");
    EXPECT_EQ(target.postgres.role, "crier_ingest");
  }
}

TEST(IngestOptionsTest, ADatabaseIsRequiredWhereThereIsNoOther) {
  IngestOptions target;
  config::Options options("crier-ingest", "test", "0");
  AddOptions(options, "", &target);
  const char* const argv[] = {"crier-ingest"};
  const char* const environment[] = {nullptr};

  EXPECT_EQ(options.Parse(1, argv, environment).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace crier::ingest
