#include "services/ingest/domain/writing/log_appender.h"

#include <algorithm>
#include <utility>

#include "common/api/time.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/ingest/domain/log/log_partition.h"

namespace crier::ingest {

using entity::v1::Event;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

namespace {

// Of a field in the wire format: its number and the length of what follows.
constexpr size_t kMaxFieldHeaderBytes = 16;

}  // namespace

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

// All but the bytes.
LoggedEvent& LogAppender::AppendEmpty(int64_t community, Event::Kind kind,
                                      std::optional<int64_t> subject, Event& event) {
  Head& head = MoveHead(community);
  head.accept_time = std::max(now_, head.accept_time);
  const int32_t log_partition = LogPartitionOf(community, partition_count_);
  event.set_community_id(community);
  event.set_log_partition(log_partition);
  event.set_position(++head.position);
  event.set_kind(kind);
  event.set_traceparent(traceparent_);
  *event.mutable_accept_time() = api::ToProto(head.accept_time);
  events_.push_back(
      {log_partition, head.position, head.accept_time, community, kind, subject, std::nullopt, ""});
  return events_.back();
}

void LogAppender::Append(int64_t community, Event::Kind kind, std::optional<int64_t> subject,
                         std::optional<int64_t> activity, Event event) {
  LoggedEvent& logged = AppendEmpty(community, kind, subject, event);
  logged.activity = activity;
  event.SerializeToString(&logged.bytes);
  event_bytes_ += logged.bytes.size();
}

void LogAppender::Append(int64_t community, Event::Kind kind, int64_t subject, Event event,
                         absl::string_view contact_bytes) {
  LoggedEvent& logged = AppendEmpty(community, kind, subject, event);
  logged.bytes.reserve(event.ByteSizeLong() + kMaxFieldHeaderBytes + contact_bytes.size());
  {
    StringOutputStream stream(&logged.bytes);
    CodedOutputStream coded(&stream);
    event.SerializeWithCachedSizes(&coded);
    coded.WriteTag(Event::kContactFieldNumber << 3 | 2);  // 2: its length, then its bytes
    coded.WriteVarint32(static_cast<uint32_t>(contact_bytes.size()));
  }
  logged.bytes.append(contact_bytes.data(), contact_bytes.size());
  event_bytes_ += logged.bytes.size();
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
