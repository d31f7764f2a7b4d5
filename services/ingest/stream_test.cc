// The streams of IngestService, and what all four ways in have in common.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/clock.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/ingest/server_test_fixture.h"
#include "tests/support/postgres_proxy.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// `outcome name` of each result, or the fields that its error calls bad.
std::vector<std::string> Describe(const v1::IngestAcknowledgement& acknowledgement) {
  std::vector<std::string> results;
  for (const auto& item : acknowledgement.results()) {
    if (item.has_error()) {
      results.push_back(absl::StrCat("error ", absl::StrJoin(BadFields(item.error()), ",")));
    } else {
      results.push_back(absl::StrCat(v1::IngestResult::Outcome_Name(item.result().outcome()), " ",
                                     item.result().name()));
    }
  }
  return results;
}

class StreamTest : public ServerTest {
 protected:
  using Frame = v1::StreamIngestWithAcknowledgementsRequest;

  StreamTest() { replica_.WaitUntilReady(); }

  template <typename FrameType>
  static FrameType FrameOf(const std::vector<std::string>& emails) {
    FrameType frame;
    for (const std::string& email : emails) {
      *frame.add_items()->mutable_contact() = ContactRequest(email);
    }
    return frame;
  }

  // A call with acknowledgements.
  struct Exchange {
    explicit Exchange(Replica& replica)
        : stream(replica.records->StreamIngestWithAcknowledgements(&context)) {}

    std::vector<std::string> Next() {
      v1::IngestAcknowledgement acknowledgement;
      return stream->Read(&acknowledgement) ? Describe(acknowledgement)
                                            : std::vector<std::string>{"end"};
    }
    absl::Status End() { return rpc::FromGrpc(stream->Finish()); }

    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<Frame, v1::IngestAcknowledgement>> stream;
  };

  Replica replica_{options_};
};

TEST_F(StreamTest, AnswersEachFrameAfterItsCommit) {
  Exchange exchange(replica_);
  Frame frame = FrameOf<Frame>({"a@example.com", "not an address", "b@example.com"});
  frame.add_items();
  exchange.stream->Write(frame);
  EXPECT_THAT(exchange.Next(),
              ElementsAre("CREATED communities/1/contacts/1", "error contact.primary_email",
                          "CREATED communities/1/contacts/2", "error record"));
  EXPECT_EQ(HeadOf(replica_, "communities/1").position(), 2);

  exchange.stream->Write(FrameOf<Frame>({"b@example.com"}));
  exchange.stream->WritesDone();
  EXPECT_THAT(exchange.Next(), ElementsAre("UNCHANGED communities/1/contacts/2"));
  EXPECT_THAT(exchange.Next(), ElementsAre("end"));
  EXPECT_EQ(exchange.End(), absl::OkStatus());
}

TEST_F(StreamTest, BatchesThatTogetherExceedTheQueueAllComeThrough) {
  // Of one community, hence for one lane.
  constexpr int kCallers = 8, kItems = 1000;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&] {
      v1::BatchIngestRequest batch;
      for (int i = 0; i < kItems; ++i) {
        *batch.add_items()->mutable_contact() =
            ContactRequest(absl::StrCat("a", i % 50, "@example.com"));
      }
      v1::BatchIngestResponse response;
      EXPECT_EQ(Ingest(replica_, batch, &response), absl::OkStatus());
      EXPECT_EQ(response.results_size(), kItems);
      for (const auto& item : response.results()) {
        EXPECT_FALSE(item.has_error()) << item.error().DebugString();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(StreamTest, HoldsBackAClientThatIsFasterThanTheStore) {
  // Several times what the window of a stream and the queue hold together.
  constexpr int kFrames = 40, kItems = 250;
  Exchange exchange(replica_);
  std::thread writer([&] {
    for (int i = 0; i < kFrames; ++i) {
      Frame frame;
      for (int j = 0; j < kItems; ++j) {
        *frame.add_items()->mutable_contact() =
            ContactRequest(absl::StrCat("a", (i * kItems + j) % 50, "@example.com"));
      }
      exchange.stream->Write(frame);
    }
    exchange.stream->WritesDone();
  });
  int acknowledged = 0, failed = 0;
  v1::IngestAcknowledgement acknowledgement;
  while (exchange.stream->Read(&acknowledgement)) {
    EXPECT_EQ(acknowledgement.results_size(), kItems);
    for (const auto& item : acknowledgement.results()) {
      ++acknowledged;
      failed += item.has_error();
    }
  }
  writer.join();
  EXPECT_EQ(exchange.End(), absl::OkStatus());
  EXPECT_EQ(acknowledged, kFrames * kItems);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(HeadOf(replica_, "communities/1").position(), 50);
}

TEST_F(StreamTest, KeepsTheOrderOfTheStreamHoweverLongAFrameWaits) {
  Exchange exchange(replica_);
  // Each record leaves the title that the next one replaces.
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) {
      Frame frame;
      for (int j = 0; j < 200; ++j) {
        v1::UpsertContactRequest request = ContactRequest("a@example.com");
        request.mutable_contact()->set_title(absl::StrCat("title ", i, " ", j));
        *frame.add_items()->mutable_contact() = request;
      }
      exchange.stream->Write(frame);
    }
    exchange.stream->WritesDone();
  });
  while (exchange.Next() != std::vector<std::string>{"end"}) {
  }
  writer.join();
  EXPECT_EQ(exchange.End(), absl::OkStatus());

  Stream events(replica_, HeadOf(replica_, "communities/1").log_partition(), 4000 - 1);
  const auto last = events.Next();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].contact().title(), "title 19 199");
  EXPECT_EQ(last[0].contact().previous_title(), "title 19 198");
}

TEST_F(StreamTest, AFrameThatIsMalformedEndsTheStreamAfterThoseBeforeIt) {
  for (const int items : {0, 1001}) {
    Exchange exchange(replica_);
    exchange.stream->Write(FrameOf<Frame>({absl::StrCat("a", items, "@example.com")}));
    Frame bad;
    for (int i = 0; i < items; ++i) bad.add_items();
    exchange.stream->Write(bad);
    EXPECT_THAT(exchange.Next(), ElementsAre(HasSubstr("CREATED")));
    EXPECT_THAT(exchange.Next(), ElementsAre("end"));
    const absl::Status status = exchange.End();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(BadFields(rpc::ToProto(status)), ElementsAre("items"));
  }
}

TEST_F(StreamTest, AFrameThatIsNotUtf8IsNotTheEndOfTheStream) {
  Exchange exchange(replica_);
  Frame bad = FrameOf<Frame>({"a@example.com"});
  bad.mutable_items(0)->mutable_contact()->mutable_contact()->set_full_name("\xff");
  exchange.stream->Write(bad);
  exchange.stream->WritesDone();
  EXPECT_THAT(exchange.Next(), ElementsAre("end"));
  const absl::Status status = exchange.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(BadFields(rpc::ToProto(status)), ElementsAre("crier.entity.v1.Contact.full_name"));
}

TEST_F(StreamTest, ADrainAnswersWhatWasReadAndEndsTheStream) {
  Exchange exchange(replica_), idle(replica_);
  exchange.stream->Write(FrameOf<Frame>({"a@example.com"}));
  EXPECT_THAT(exchange.Next(), ElementsAre("CREATED communities/1/contacts/1"));

  replica_.Stop();

  for (Exchange* each : {&exchange, &idle}) {
    EXPECT_THAT(each->Next(), ElementsAre("end"));
    const absl::Status status = each->End();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ErrorReason(status), "DRAINING");
  }
  Exchange late(replica_);
  EXPECT_EQ(late.End().code(), absl::StatusCode::kUnavailable);
}

TEST_F(StreamTest, AClientThatGoesAwayLeavesNothingBehind) {
  for (int i = 0; i < 20; ++i) {
    Exchange exchange(replica_);
    exchange.stream->Write(FrameOf<Frame>({absl::StrCat("a", i, "@example.com")}));
    exchange.context.TryCancel();
    EXPECT_EQ(exchange.End().code(), absl::StatusCode::kCancelled);
  }
}

TEST_F(StreamTest, IsHeldBackWhileTheDatabaseIsAway) {
  auto proxy = std::make_unique<tests::PostgresProxy>(postgres_->url());
  options_.postgres.url = proxy->url();
  Replica replica(options_);
  replica.WaitUntilReady();
  Exchange exchange(replica);
  exchange.stream->Write(FrameOf<Frame>({"a@example.com"}));
  EXPECT_THAT(exchange.Next(), ElementsAre("CREATED communities/1/contacts/1"));

  proxy.reset();
  const absl::Duration start = SystemClock().Monotonic();
  exchange.stream->Write(FrameOf<Frame>({"b@example.com"}));
  v1::IngestAcknowledgement acknowledgement;
  ASSERT_TRUE(exchange.stream->Read(&acknowledgement));
  const absl::Duration elapsed = SystemClock().Monotonic() - start;

  const absl::Status status = rpc::FromProto(acknowledgement.results(0).error());
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(status.GetPayload("type.googleapis.com/google.rpc.RetryInfo").has_value());
  EXPECT_GE(elapsed, absl::Seconds(1));
  exchange.stream->WritesDone();
  EXPECT_EQ(exchange.End(), absl::OkStatus());
}

TEST_F(StreamTest, OneAnswerCountsAWholeStream) {
  using ClientFrame = v1::StreamIngestRequest;
  grpc::ClientContext context;
  v1::StreamIngestResponse response;
  const auto stream = replica_.records->StreamIngest(&context, &response);
  stream->Write(FrameOf<ClientFrame>({"a@example.com", "b@example.com", "@"}));
  ClientFrame second = FrameOf<ClientFrame>({"a@example.com", "@", "b@example.com"});
  second.mutable_items(2)->mutable_contact()->mutable_contact()->set_title("Writer");
  stream->Write(second);
  stream->WritesDone();
  EXPECT_EQ(rpc::FromGrpc(stream->Finish()), absl::OkStatus());

  EXPECT_EQ(response.created_count(), 2);
  EXPECT_EQ(response.unchanged_count(), 1);
  EXPECT_EQ(response.updated_count(), 1);
  EXPECT_EQ(response.failed_count(), 2);
  ASSERT_EQ(response.failures_size(), 2);
  EXPECT_EQ(response.failures(0).index(), 2);
  EXPECT_EQ(response.failures(1).index(), 4);
  EXPECT_THAT(BadFields(response.failures(1).error()), ElementsAre("contact.primary_email"));
}

TEST_F(StreamTest, ARequestIdMakesEveryWayInRepeatable) {
  v1::UpsertContactRequest request = ContactRequest("a@example.com");
  request.mutable_sightings(0)->clear_seen_time();  // another sighting with every repeat
  request.set_request_id("4f5a");
  v1::IngestResult result;
  EXPECT_EQ(Ingest(replica_, request, &result), absl::OkStatus());
  EXPECT_EQ(result.outcome(), v1::IngestResult::CREATED);

  EXPECT_EQ(Ingest(replica_, request, &result), absl::OkStatus());
  EXPECT_EQ(result.outcome(), v1::IngestResult::CREATED);
  v1::BatchIngestRequest batch;
  *batch.add_items()->mutable_contact() = request;
  v1::BatchIngestResponse batch_response;
  EXPECT_EQ(Ingest(replica_, batch, &batch_response), absl::OkStatus());
  EXPECT_EQ(batch_response.results(0).result().outcome(), v1::IngestResult::CREATED);
  Exchange exchange(replica_);
  Frame frame;
  *frame.add_items()->mutable_contact() = request;
  exchange.stream->Write(frame);
  EXPECT_THAT(exchange.Next(), ElementsAre("CREATED communities/1/contacts/1"));
  EXPECT_EQ(HeadOf(replica_, "communities/1").position(), 1);

  request.mutable_contact()->set_title("Writer");
  const absl::Status reused = Ingest(replica_, request, &result);
  EXPECT_EQ(reused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(BadFields(rpc::ToProto(reused)), ElementsAre("request_id"));
}

TEST_F(StreamTest, AnUpdateMaskNamesWhatIsReplaced) {
  v1::UpsertContactRequest request = ContactRequest("a@example.com");
  request.mutable_contact()->set_title("Writer");
  request.mutable_contact()->set_role("Docs");
  v1::IngestResult result;
  ASSERT_EQ(Ingest(replica_, request, &result), absl::OkStatus());

  request.mutable_contact()->clear_title();
  request.mutable_contact()->set_role("Ops");
  request.mutable_update_mask()->add_paths("title");
  ASSERT_EQ(Ingest(replica_, request, &result), absl::OkStatus());
  EXPECT_EQ(result.outcome(), v1::IngestResult::UPDATED);
  Stream events(replica_, HeadOf(replica_, "communities/1").log_partition(), 1);
  const auto event = events.Next();
  ASSERT_EQ(event.size(), 1u);
  EXPECT_EQ(event[0].contact().title(), "");
  EXPECT_EQ(event[0].contact().role(), "Docs");

  request.mutable_update_mask()->add_paths("first_seen_time");
  EXPECT_THAT(BadFields(rpc::ToProto(Ingest(replica_, request, &result))),
              ElementsAre("update_mask"));
}

}  // namespace
}  // namespace crier::ingest
