#include "common/api/time.h"

#include <algorithm>

#include "google/protobuf/util/time_util.h"

namespace crier::api {
namespace {

using ::google::protobuf::util::TimeUtil;

constexpr absl::Duration kTick = absl::Nanoseconds(1);

// Of the times that a Timestamp holds: the first, and the one after the last.
absl::Time First() { return absl::FromUnixSeconds(TimeUtil::kTimestampMinSeconds); }
absl::Time End() { return absl::FromUnixSeconds(TimeUtil::kTimestampMaxSeconds + 1); }

}  // namespace

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  time = std::clamp(time, First(), End() - kTick);
  const int64_t seconds = absl::ToUnixSeconds(time);  // rounds down, also before 1970
  google::protobuf::Timestamp result;
  result.set_seconds(seconds);
  result.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return result;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  const absl::Duration longest = absl::Seconds(TimeUtil::kDurationMaxSeconds + 1) - kTick;
  duration = std::clamp(duration, -longest, longest);
  google::protobuf::Duration result;
  absl::Duration below_second;
  result.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &below_second));
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(below_second)));
  return result;
}

bool FitsTimestamp(absl::Time time) { return time >= First() && time < End(); }

}  // namespace crier::api
