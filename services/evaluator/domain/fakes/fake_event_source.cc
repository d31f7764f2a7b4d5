#include "services/evaluator/domain/fakes/fake_event_source.h"

#include <algorithm>
#include <string>

#include "common/api/time.h"
#include "common/base/clock.h"
#include "common/status/errors.h"

namespace crier::evaluator {
namespace {

// As the ingest service says it.
absl::Status NotKeptError(int64_t earliest_position) {
  return NamedError(absl::StatusCode::kOutOfRange, "POSITION_NOT_KEPT", "dropped",
                    {{"first_kept_position", std::to_string(earliest_position)}});
}

}  // namespace

class FakeEventSource::Subscription : public EventSubscription {
 public:
  Subscription(FakeEventSource& source, int32_t log_partition, int64_t after_position)
      : source_(source), log_partition_(log_partition), position_(after_position) {
    absl::MutexLock lock(&source_.mutex_);
    disconnects_ = source_.disconnects_;
    ticks_ = source_.ticks_;
    ++source_.subscriptions_;
  }

  ~Subscription() override {
    absl::MutexLock lock(&source_.mutex_);
    --source_.subscriptions_;
  }

  absl::StatusOr<std::optional<Frame>> Next(absl::Duration timeout) override {
    const Fault fault = NextFault(source_.faults_);
    const absl::Duration end = SystemClock().Monotonic() + timeout;
    absl::MutexLock lock(&source_.mutex_);
    while (true) {
      if (cancelled_) return absl::CancelledError("cancelled");
      if (fault != Fault::kNone || disconnects_ != source_.disconnects_) return FaultStatus();
      const Partition& partition = source_.partitions_[log_partition_];
      const auto head = static_cast<int64_t>(partition.events.size());
      if (position_ > head) return absl::OutOfRangeError("beyond the head");
      if (position_ + 1 < partition.earliest_position) {
        return NotKeptError(partition.earliest_position);
      }
      if (position_ < head) return TakeFrame(partition);
      if (ticks_ != source_.ticks_) {
        ticks_ = source_.ticks_;
        return std::optional<Frame>();
      }
      if (source_.changed_.WaitUntil(&source_.mutex_, end)) return std::optional<Frame>();
    }
  }

  void Cancel() override {
    absl::MutexLock lock(&source_.mutex_);
    cancelled_ = true;
    source_.changed_.SignalAll();
  }

 private:
  Frame TakeFrame(const Partition& partition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(source_.mutex_) {
    const auto begin = partition.events.begin() + position_;
    const int64_t left = partition.events.end() - begin;
    const auto end = begin + std::min<int64_t>(left, source_.frame_size_);
    position_ += end - begin;
    ++source_.frames_;
    return Frame(begin, end);
  }

  FakeEventSource& source_;
  const int32_t log_partition_;
  int64_t position_;
  int ticks_ = 0;
  int disconnects_ = 0;
  bool cancelled_ = false;
};

FakeEventSource::FakeEventSource(int partitions, Faults faults)
    : faults_(std::move(faults)), partitions_(partitions) {}

int64_t FakeEventSource::Append(entity::v1::Event event) {
  absl::MutexLock lock(&mutex_);
  const auto log_partition =
      static_cast<int32_t>(event.community_id() % static_cast<int64_t>(partitions_.size()));
  Partition& partition = partitions_[log_partition];
  const auto position = static_cast<int64_t>(partition.events.size()) + 1;
  event.set_log_partition(log_partition);
  event.set_position(position);
  partition.events.push_back(std::move(event));
  changed_.SignalAll();
  return position;
}

void FakeEventSource::Trim(int32_t log_partition, int64_t earliest_position) {
  absl::MutexLock lock(&mutex_);
  partitions_[log_partition].earliest_position = earliest_position;
  changed_.SignalAll();
}

void FakeEventSource::Tick() {
  absl::MutexLock lock(&mutex_);
  ++ticks_;
  changed_.SignalAll();
}

void FakeEventSource::Disconnect() {
  absl::MutexLock lock(&mutex_);
  ++disconnects_;
  changed_.SignalAll();
}

void FakeEventSource::SetFrameSize(int events) {
  absl::MutexLock lock(&mutex_);
  frame_size_ = events;
}

int FakeEventSource::subscriptions() const {
  absl::MutexLock lock(&mutex_);
  return subscriptions_;
}

int FakeEventSource::frames() const {
  absl::MutexLock lock(&mutex_);
  return frames_;
}

std::unique_ptr<EventSubscription> FakeEventSource::Subscribe(int32_t log_partition,
                                                              int64_t after_position) {
  return std::make_unique<Subscription>(*this, log_partition, after_position);
}

absl::StatusOr<LogHead> FakeEventSource::Head(int64_t community, absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  const auto log_partition =
      static_cast<int32_t>(community % static_cast<int64_t>(partitions_.size()));
  return HeadOf(log_partition);
}

absl::StatusOr<std::vector<LogHead>> FakeEventSource::Heads(absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  std::vector<LogHead> heads;
  for (size_t i = 0; i < partitions_.size(); ++i) {
    heads.push_back(HeadOf(static_cast<int32_t>(i)));
  }
  return heads;
}

absl::StatusOr<std::vector<LogHead>> FakeEventSource::Register(absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  std::vector<LogHead> positions;
  for (const Partition& partition : partitions_) {
    positions.push_back({static_cast<int32_t>(positions.size()), partition.registered});
  }
  return positions;
}

absl::Status FakeEventSource::Confirm(const std::vector<LogHead>& positions, absl::Time deadline) {
  if (NextFault(faults_) != Fault::kNone) return FaultStatus();
  absl::MutexLock lock(&mutex_);
  for (const LogHead& position : positions) {
    int64_t& registered = partitions_[position.log_partition].registered;
    registered = std::max(registered, position.position);
  }
  return absl::OkStatus();
}

void FakeEventSource::SetRegistered(int32_t log_partition, int64_t position) {
  absl::MutexLock lock(&mutex_);
  partitions_[log_partition].registered = position;
}

int64_t FakeEventSource::registered(int32_t log_partition) const {
  absl::MutexLock lock(&mutex_);
  return partitions_[log_partition].registered;
}

LogHead FakeEventSource::HeadOf(int32_t log_partition) const {
  const auto& events = partitions_[log_partition].events;
  LogHead head = {log_partition, static_cast<int64_t>(events.size())};
  if (!events.empty()) head.accept_time = api::FromProto(events.back().accept_time());
  return head;
}

}  // namespace crier::evaluator
