#include "services/ingest/transport/record_feeder.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "services/ingest/transport/requests.h"

namespace crier::ingest::transport {
namespace {

// However long a stream may last, no record of it waits longer than that of a unary call may.
constexpr absl::Duration kRecordTimeout = absl::Seconds(60);

// Where the records of a frame are accounted for. Deletes itself when all are, and the feeder is
// done with the frame.
class Account {
 public:
  Account(int records, RecordFeeder::Results& results, std::function<void(absl::Status)> done)
      : results_(results), done_(std::move(done)), open_(records + 1) {
    // All elements exist before anyone writes one: adding would move them.
    for (int i = 0; i < records; ++i) results_.Add();
  }

  void Set(int index, const absl::StatusOr<Ingested>& result) {
    results_[index] = ToItemResult(result);
    Close();
  }

  void Close() {
    if (open_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    done_(absl::OkStatus());
    delete this;
  }

 private:
  RecordFeeder::Results& results_;
  const std::function<void(absl::Status)> done_;
  std::atomic<int> open_;
};

}  // namespace

// The records of a frame that passed the checks.
class RecordFeeder::Frame {
 public:
  Frame(const std::shared_ptr<Items>& items, Results& results, absl::Time deadline,
        const std::string& traceparent, std::function<void(absl::Status)> done)
      : account_(new Account(items->size(), results, std::move(done))),
        deadline_(std::min(deadline, absl::Now() + kRecordTimeout)) {
    submissions_.reserve(static_cast<size_t>(items->size()));
    for (int i = 0; i < items->size(); ++i) {
      absl::StatusOr<Record> record =
          ToRecord(std::shared_ptr<v1::BatchIngestItem>(items, items->Mutable(i)));
      if (!record.ok()) {
        account_->Set(i, record.status());
        continue;
      }
      record->traceparent = traceparent;
      submissions_.push_back({*std::move(record), [account = account_, i](const auto& result) {
                                account->Set(i, result);
                              }});
    }
  }

  // True when all are submitted; otherwise `wake` is called when it is worth going on.
  bool Submit(RecordSink& sink, const std::function<void()>& wake) {
    while (next_ < submissions_.size()) {
      next_ += sink.SubmitInBulk(absl::MakeSpan(submissions_).subspan(next_), deadline_);
      if (next_ < submissions_.size() && sink.AwaitRoom(submissions_[next_].record, wake)) {
        return false;
      }
    }
    account_->Close();
    return true;
  }

 private:
  Account* const account_;
  const absl::Time deadline_;
  std::vector<RecordSink::Submission> submissions_;
  size_t next_ = 0;
};

RecordFeeder::RecordFeeder(RecordSink& sink, absl::Time deadline, std::string traceparent)
    : sink_(sink), deadline_(deadline), traceparent_(std::move(traceparent)) {}

RecordFeeder::~RecordFeeder() = default;

void RecordFeeder::Feed(const std::shared_ptr<Items>& items, Results& results,
                        std::function<void(absl::Status)> done) {
  const absl::Status valid = CheckItemCount(items->size());
  if (!valid.ok()) return done(valid);
  auto frame = std::make_unique<Frame>(items, results, deadline_, traceparent_, std::move(done));
  {
    absl::MutexLock lock(&mutex_);
    frames_.push_back(std::move(frame));
    if (running_) return;
    running_ = true;
  }
  Run();
}

void RecordFeeder::Run() {
  const auto wake = [self = shared_from_this()] { self->Run(); };
  while (true) {
    Frame* frame = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      if (frames_.empty()) {
        running_ = false;
        return;
      }
      frame = frames_.front().get();
    }
    // Once it waits, another thread may be at it.
    if (!frame->Submit(sink_, wake)) return;
    absl::MutexLock lock(&mutex_);
    frames_.pop_front();
  }
}

}  // namespace crier::ingest::transport
