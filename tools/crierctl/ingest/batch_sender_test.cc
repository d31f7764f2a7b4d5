#include "tools/crierctl/ingest/batch_sender.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/crierctl/failure.h"
#include "tools/crierctl/ingest/backoff.h"

namespace crier::crierctl {
namespace {

using ::crier::ingest::v1::BatchIngestItem;
using ::crier::ingest::v1::BatchIngestRequest;
using ::crier::ingest::v1::BatchIngestResponse;
using ::crier::ingest::v1::IngestResult;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The text of a record becomes the domain of an organization.
absl::StatusOr<BatchIngestItem> Parse(const std::string& json) {
  if (json == "unparsable") return absl::InvalidArgumentError("no JSON");
  BatchIngestItem item;
  item.mutable_organization()->mutable_organization()->set_domain(json);
  return item;
}

std::vector<Record> Records(const std::vector<std::string>& texts) {
  std::vector<Record> records;
  for (const std::string& text : texts) {
    records.push_back({"f.json", static_cast<int64_t>(records.size()) + 1, text});
  }
  return records;
}

absl::Status Full() { return OverloadedError("full", absl::Seconds(20)); }

// Answers by the record's text: `created`, `updated`, `unchanged`, `bad`; `busy N` is refused N
// times as the server being full.
class FakeServer {
 public:
  absl::StatusOr<BatchIngestResponse> Answer(const BatchIngestRequest& request) {
    requests.push_back(request.items_size());
    if (!failures.empty()) {
      const absl::Status failure = failures.front();
      failures.erase(failures.begin());
      return failure;
    }
    BatchIngestResponse response;
    for (const BatchIngestItem& item : request.items()) {
      AnswerItem(item.organization().organization().domain(), *response.add_results());
    }
    return response;
  }

  std::vector<absl::Status> failures;  // of the first calls as a whole
  int busy = 0;
  std::vector<int> requests;  // how many items each had

 private:
  void AnswerItem(const std::string& text, ingest::v1::BatchIngestItemResult& result) {
    if (text == "bad") {
      *result.mutable_error() = rpc::ToProto(InvalidField("organization.domain", "must be one"));
    } else if (text == "busy" && busy-- > 0) {
      *result.mutable_error() = rpc::ToProto(Full());
    } else {
      result.mutable_result()->set_outcome(text == "updated"     ? IngestResult::UPDATED
                                           : text == "unchanged" ? IngestResult::UNCHANGED
                                                                 : IngestResult::CREATED);
    }
  }
};

class BatchSenderTest : public testing::Test {
 protected:
  BatchReport Send(const std::vector<std::string>& texts) {
    const std::vector<Record> records = Records(texts);
    return sender_.Send(records);
  }

  FakeServer server_;
  std::vector<absl::Duration> sleeps_;
  BatchSender sender_{Parse, [this](const BatchIngestRequest& r) { return server_.Answer(r); },
                      [this](absl::Duration wait) { sleeps_.push_back(wait); }};
};

TEST_F(BatchSenderTest, CountsOutcomes) {
  const BatchReport report = Send({"created", "updated", "created", "unchanged"});

  EXPECT_EQ(report.created, 2);
  EXPECT_EQ(report.updated, 1);
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_TRUE(report.stopped.ok());
  EXPECT_THAT(server_.requests, ElementsAre(4));
}

TEST_F(BatchSenderTest, GivesEachBadRecordItsPlaceAndSendsTheRest) {
  std::vector<Record> records = Records({"created", "unparsable", "bad"});
  records.push_back({"f.json", 9, absl::InvalidArgumentError("torn")});

  const BatchReport report = sender_.Send(records);

  EXPECT_EQ(report.created, 1);
  ASSERT_THAT(report.failures, SizeIs(3));
  EXPECT_EQ(report.failures[0].line, 2);
  EXPECT_EQ(report.failures[1].line, 9);
  EXPECT_EQ(report.failures[2].line, 3);
  EXPECT_EQ(report.failures[2].file, "f.json");
  EXPECT_THAT(std::string(report.failures[2].status.message()), HasSubstr("organization.domain"));
  EXPECT_THAT(server_.requests, ElementsAre(2));
  EXPECT_THAT(sleeps_, IsEmpty());
}

TEST_F(BatchSenderTest, SendsNothingWhenNothingCanBeParsed) {
  const BatchReport report = Send({"unparsable"});

  EXPECT_THAT(report.failures, SizeIs(1));
  EXPECT_THAT(server_.requests, IsEmpty());
}

TEST_F(BatchSenderTest, RepeatsTheWholeCallWhenTheServerIsAway) {
  server_.failures = {absl::UnavailableError("away"), Full()};

  const BatchReport report = Send({"created"});

  EXPECT_EQ(report.created, 1);
  EXPECT_THAT(server_.requests, ElementsAre(1, 1, 1));
  ASSERT_THAT(sleeps_, SizeIs(2));
  EXPECT_EQ(sleeps_[1], absl::Seconds(20));  // as RetryInfo says
}

TEST_F(BatchSenderTest, RepeatsOnlyTheRecordsForWhichTheServerWasFull) {
  server_.busy = 2;

  const BatchReport report = Send({"created", "busy", "bad"});

  EXPECT_EQ(report.created, 2);
  EXPECT_THAT(report.failures, SizeIs(1));
  EXPECT_THAT(server_.requests, ElementsAre(3, 1, 1));
  EXPECT_THAT(sleeps_, ElementsAre(absl::Seconds(20), absl::Seconds(20)));
}

TEST_F(BatchSenderTest, StopsWhenTheServerStaysAway) {
  server_.failures.assign(Backoff::kMaxWaits + 1, absl::UnavailableError("away"));

  const BatchReport report = Send({"created", "created"});

  EXPECT_TRUE(absl::IsUnavailable(report.stopped));
  EXPECT_EQ(report.unsettled, 2);
  EXPECT_THAT(sleeps_, SizeIs(Backoff::kMaxWaits));
}

TEST_F(BatchSenderTest, StopsWhenTheServerStaysFull) {
  server_.busy = 1000;

  const BatchReport report = Send({"created", "busy"});

  EXPECT_EQ(report.created, 1);
  EXPECT_TRUE(absl::IsResourceExhausted(report.stopped));
  EXPECT_EQ(report.unsettled, 1);
}

TEST_F(BatchSenderTest, DoesNotRepeatAFinalFailure) {
  server_.failures = {absl::ResourceExhaustedError("message too large")};

  const BatchReport report = Send({"created"});

  EXPECT_TRUE(absl::IsResourceExhausted(report.stopped));
  EXPECT_THAT(server_.requests, ElementsAre(1));
  EXPECT_THAT(sleeps_, IsEmpty());
}

TEST_F(BatchSenderTest, RefusesAnAnswerThatDoesNotFit) {
  const BatchSender sender(
      Parse, [](const BatchIngestRequest&) { return BatchIngestResponse(); },
      [](absl::Duration) {});
  const std::vector<Record> records = Records({"created"});

  const BatchReport report = sender.Send(records);

  EXPECT_THAT(std::string(report.stopped.message()), HasSubstr("0 results for 1 records"));
}

}  // namespace
}  // namespace crier::crierctl
