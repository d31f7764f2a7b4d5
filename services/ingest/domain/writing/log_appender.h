// Gives events their places in the log, and entities their ids.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_WRITING_LOG_APPENDER_H_
#define CRIER_SERVICES_INGEST_DOMAIN_WRITING_LOG_APPENDER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crier/entity/v1/event.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/ingest/domain/writing/entity_store.h"

namespace crier::ingest {

// Moves the heads of log partitions whose locks are held. Not thread-safe.
class LogAppender {
 public:
  // `now` becomes the accept time, unless that of the log is later.
  LogAppender(int32_t partition_count, std::map<int32_t, Head> heads, absl::Time now);

  // Of the events that follow.
  void SetTraceparent(const std::string& traceparent) { traceparent_ = traceparent; }

  // As it was given: what happened now, happened then, also where the log is ahead.
  absl::Time now() const { return now_; }

  // An id that no entity of the community has had.
  int64_t NextId(int64_t community) { return ++MoveHead(community).last_id; }

  // What the next event of the community will have.
  absl::Time AcceptTime(int64_t community) const;
  google::protobuf::Timestamp AcceptTimestamp(int64_t community) const;

  // Appends the event, which has its entity, with everything else filled in. `subject` and
  // `activity` as in LoggedEvent.
  void Append(int64_t community, entity::v1::Event::Kind kind, std::optional<int64_t> subject,
              std::optional<int64_t> activity, entity::v1::Event event);
  // As above; the entity is the contact of these bytes.
  void Append(int64_t community, entity::v1::Event::Kind kind, int64_t subject,
              entity::v1::Event event, absl::string_view contact_bytes);

  // Size of all events so far.
  size_t event_bytes() const { return event_bytes_; }

  // What was moved and appended; ends the appender's life.
  void TakeInto(Changes& changes);

 private:
  Head& MoveHead(int64_t community);
  LoggedEvent& AppendEmpty(int64_t community, entity::v1::Event::Kind kind,
                           std::optional<int64_t> subject, entity::v1::Event& event);

  const int32_t partition_count_;
  std::map<int32_t, Head> heads_;
  const absl::Time now_;
  std::set<int32_t> moved_;
  std::string traceparent_;
  std::vector<LoggedEvent> events_;
  size_t event_bytes_ = 0;
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_WRITING_LOG_APPENDER_H_
