#include "tools/crierctl/ingest/ingester.h"

#include <numeric>
#include <string>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::crierctl {
namespace {

using ::crier::ingest::v1::BatchIngestItem;
using ::crier::ingest::v1::BatchIngestRequest;
using ::crier::ingest::v1::BatchIngestResponse;
using ::crier::ingest::v1::IngestResult;
using ::testing::Each;
using ::testing::Le;
using ::testing::SizeIs;

absl::StatusOr<BatchIngestItem> Parse(const std::string&) { return BatchIngestItem(); }

BatchIngestResponse AllCreated(const BatchIngestRequest& request) {
  BatchIngestResponse response;
  for (int i = 0; i < request.items_size(); ++i) {
    response.add_results()->mutable_result()->set_outcome(IngestResult::CREATED);
  }
  return response;
}

// A source of `count` records of `bytes` bytes each.
Ingester::NextRecord Source(int count, size_t bytes = 2) {
  return [count, bytes, line = 0]() mutable -> std::optional<Record> {
    if (line == count) return std::nullopt;
    return Record{"f", ++line, std::string(bytes, 'x')};
  };
}

std::vector<BatchReport> IngestAll(IngesterOptions options, Ingester::NextRecord source,
                                   BatchSender::Call call) {
  const BatchSender sender(Parse, std::move(call), [](absl::Duration) {});
  Ingester ingester(options, std::move(source), sender);
  std::vector<BatchReport> reports;
  ingester.Run([&](const BatchReport& report) { reports.push_back(report); });
  return reports;
}

std::vector<int64_t> Sizes(const std::vector<BatchReport>& reports) {
  std::vector<int64_t> sizes;
  for (const BatchReport& report : reports) sizes.push_back(report.created);
  return sizes;
}

TEST(Ingester, SendsEveryRecordInBatches) {
  const auto reports =
      IngestAll({.batch_records = 10, .batch_bytes = 1000, .in_flight = 3}, Source(95), AllCreated);

  const std::vector<int64_t> sizes = Sizes(reports);
  EXPECT_THAT(sizes, SizeIs(10));
  EXPECT_THAT(sizes, Each(Le(10)));
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), int64_t{0}), 95);
}

TEST(Ingester, EndsBatchesByBytesToo) {
  const auto reports = IngestAll({.batch_records = 10, .batch_bytes = 100, .in_flight = 1},
                                 Source(4, 60), AllCreated);

  EXPECT_THAT(Sizes(reports), testing::ElementsAre(2, 2));
}

TEST(Ingester, HasNothingToDoForNothing) {
  EXPECT_THAT(IngestAll({}, Source(0), AllCreated), SizeIs(0));
}

TEST(Ingester, KeepsSeveralBatchesOnTheirWay) {
  // Each call waits until three of them are there: with fewer on their way this would hang.
  absl::Barrier* const barrier = new absl::Barrier(3);

  const auto reports = IngestAll({.batch_records = 1, .batch_bytes = 100, .in_flight = 3},
                                 Source(3), [barrier](const BatchIngestRequest& request) {
                                   if (barrier->Block()) delete barrier;
                                   return AllCreated(request);
                                 });

  EXPECT_THAT(reports, SizeIs(3));
}

TEST(Ingester, StopsReadingWhenTheServerCannotBeAsked) {
  const auto reports = IngestAll(
      {.batch_records = 1, .batch_bytes = 100, .in_flight = 2}, Source(1000),
      [](const BatchIngestRequest&) { return absl::UnimplementedError("no such service"); });

  EXPECT_GE(reports.size(), 1);
  EXPECT_LE(reports.size(), 2);
  EXPECT_EQ(reports[0].unsettled, 1);
}

}  // namespace
}  // namespace crier::crierctl
