// Many records, in batches, with several on their way.
#ifndef CRIER_TOOLS_CRIERCTL_INGEST_INGESTER_H_
#define CRIER_TOOLS_CRIERCTL_INGEST_INGESTER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "tools/crierctl/ingest/batch_sender.h"
#include "tools/crierctl/ingest/record_reader.h"

namespace crier::crierctl {

struct IngesterOptions {
  size_t batch_records = 500;
  // Bytes of JSON in one batch at most; a larger single record goes alone. Well below what servers
  // take in a message.
  size_t batch_bytes = 4 * 1024 * 1024;
  // Batches on their way at the same time. With more than one, records of different batches are
  // stored in any order.
  int in_flight = 4;
};

// Runs once. Each of `in_flight` threads reads a batch, sends it, and hands its report to the
// calling thread.
class Ingester {
 public:
  // The next record, or nothing at the end; called from one thread at a time.
  using NextRecord = std::function<std::optional<Record>()>;

  // `sender` must outlive the ingester.
  Ingester(IngesterOptions options, NextRecord next_record, const BatchSender& sender);

  // Returns when all is read and settled, or after the first report that says `stopped` (once what
  // was on its way by then has come back). `observe` is called from the calling thread, once a
  // batch.
  void Run(absl::FunctionRef<void(const BatchReport&)> observe);

 private:
  void RunWorker();
  std::vector<Record> ReadBatch() ABSL_LOCKS_EXCLUDED(read_mutex_);
  void HandOver(BatchReport report) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<BatchReport> NextReport() ABSL_LOCKS_EXCLUDED(mutex_);
  bool stopped() ABSL_LOCKS_EXCLUDED(mutex_);

  const IngesterOptions options_;
  const BatchSender& sender_;

  // Apart from the other, because reading may wait for a pipe while reports come in.
  absl::Mutex read_mutex_;
  const NextRecord next_record_ ABSL_GUARDED_BY(read_mutex_);

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<BatchReport> reports_
      ABSL_GUARDED_BY(mutex_);  // at most `in_flight`; then workers wait
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_INGEST_INGESTER_H_
