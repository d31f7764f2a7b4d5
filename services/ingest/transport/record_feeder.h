// Feeds the records of a stream to the sink, no faster than it takes them.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_RECORD_FEEDER_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_RECORD_FEEDER_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "crier/ingest/v1/ingest_service.pb.h"
#include "google/protobuf/repeated_field.h"
#include "services/ingest/domain/records/record_sink.h"

namespace crier::ingest::transport {

// Thread-safe; the frames of one stream go through one feeder, so that records are submitted in
// their order however long a frame has to wait for room.
class RecordFeeder : public std::enable_shared_from_this<RecordFeeder> {
 public:
  using Items = google::protobuf::RepeatedPtrField<v1::BatchIngestItem>;
  using Results = google::protobuf::RepeatedPtrField<v1::BatchIngestItemResult>;

  // `sink` must outlive the feeder. Records that the stream's `deadline` passes are not stored.
  RecordFeeder(RecordSink& sink, absl::Time deadline, std::string traceparent);
  ~RecordFeeder();

  // Takes the records of a frame, after those of the frames before it, and calls `done` once, when
  // each has its result in `results`, which must live until then. INVALID_ARGUMENT when the frame
  // has none or too many, and nothing of it is taken.
  void Feed(const std::shared_ptr<Items>& items, Results& results,
            std::function<void(absl::Status)> done);

 private:
  class Frame;

  // Submits what waits, in order, until there is no more room or no more frame.
  void Run();

  RecordSink& sink_;
  const absl::Time deadline_;
  const std::string traceparent_;

  absl::Mutex mutex_;
  std::deque<std::unique_ptr<Frame>> frames_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_RECORD_FEEDER_H_
