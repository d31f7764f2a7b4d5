#include "common/api/time.h"

#include <algorithm>

#include "google/protobuf/util/time_util.h"

namespace crier::api {
namespace {

using ::google::protobuf::util::TimeUtil;

constexpr absl::Duration kTick = absl::Nanoseconds(1);

}  // namespace

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  const absl::Time first = absl::FromUnixSeconds(TimeUtil::kTimestampMinSeconds);
  const absl::Time last = absl::FromUnixSeconds(TimeUtil::kTimestampMaxSeconds + 1) - kTick;
  time = std::clamp(time, first, last);
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

}  // namespace crier::api
