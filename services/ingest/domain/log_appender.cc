#include "services/ingest/domain/log_appender.h"

#include <algorithm>
#include <utility>

#include "common/api/time.h"
#include "services/ingest/domain/log_partition.h"

namespace crier::ingest {

using entity::v1::Event;

// Postgres keeps microseconds; what an event says and what its row says are the same.
LogAppender::LogAppender(int32_t partition_count, std::map<int32_t, Head> heads, absl::Time now)
    : partition_count_(partition_count),
      heads_(std::move(heads)),
      now_(absl::FromUnixMicros(absl::ToUnixMicros(now))) {}

absl::Time LogAppender::AcceptTime(int64_t community) const {
  return std::max(now_, heads_.at(LogPartitionOf(community, partition_count_)).accept_time);
}

google::protobuf::Timestamp LogAppender::AcceptTimestamp(int64_t community) const {
  return api::ToProto(AcceptTime(community));
}

void LogAppender::Append(int64_t community, Event::Kind kind, Event event) {
  Head& head = MoveHead(community);
  head.accept_time = std::max(now_, head.accept_time);
  event.set_community_id(community);
  event.set_log_partition(LogPartitionOf(community, partition_count_));
  event.set_position(++head.position);
  event.set_kind(kind);
  event.set_traceparent(traceparent_);
  *event.mutable_accept_time() = api::ToProto(head.accept_time);
  event_bytes_ += event.ByteSizeLong();
  events_.push_back(std::move(event));
}

void LogAppender::TakeInto(Changes& changes) {
  for (const int32_t partition : moved_) changes.heads[partition] = heads_.at(partition);
  changes.events = std::move(events_);
}

Head& LogAppender::MoveHead(int64_t community) {
  const int32_t partition = LogPartitionOf(community, partition_count_);
  moved_.insert(partition);
  return heads_.at(partition);
}

}  // namespace crier::ingest
