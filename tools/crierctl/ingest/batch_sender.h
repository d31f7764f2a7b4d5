// Sending a batch of records until every one of them is settled.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_BATCH_SENDER_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_BATCH_SENDER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crier/ingest/v1/ingest_service.pb.h"
#include "tools/crierctl/ingest/record_reader.h"

namespace crier::crierctl {

// A record that was refused, and why.
struct RecordFailure {
  std::string file;
  int64_t line = 0;
  absl::Status status;
};

// What became of a batch.
struct BatchReport {
  int64_t created = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;
  std::vector<RecordFailure> failures;
  // Not OK when the server could not be asked at all, or stayed away: there is no sense in sending
  // more. The records that it concerns are counted in `unsettled`; they may or may not be stored.
  absl::Status stopped;
  int64_t unsettled = 0;
};

// Thread-safe, if its functions are.
class BatchSender {
 public:
  // Turns the JSON of a record into an item; its error is the record's.
  using Parse = std::function<absl::StatusOr<ingest::v1::BatchIngestItem>(const std::string& json)>;
  // Makes the call, and waits for the answer.
  using Call = std::function<absl::StatusOr<ingest::v1::BatchIngestResponse>(
      const ingest::v1::BatchIngestRequest&)>;
  using Sleep = std::function<void(absl::Duration)>;

  BatchSender(Parse parse, Call call, Sleep sleep);

  // Sends the records, and again, after a wait, those for which the server was full or away:
  // storing a record twice does no harm. A record whose refusal is final is a failure at once.
  BatchReport Send(const std::vector<Record>& records) const;

 private:
  struct Pending;

  std::vector<Pending> ParseAll(const std::vector<Record>& records, BatchReport& report) const;

  const Parse parse_;
  const Call call_;
  const Sleep sleep_;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_BATCH_SENDER_H_
