// Protobuf's times and absl's.
#ifndef CRIER_COMMON_API_TIME_H_
#define CRIER_COMMON_API_TIME_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::api {

// Exact for whatever passes CheckTimestamp (validation.h).
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
absl::Duration FromProto(const google::protobuf::Duration& duration);

// Nanoseconds; anything finer is rounded down (durations: towards zero). What protobuf cannot hold
// becomes the nearest value that it can, so absl::InfiniteFuture() is the end of the year 9999.
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

// Whether the time is one that protobuf can hold: from year 1 to year 9999.
bool FitsTimestamp(absl::Time time);

}  // namespace crier::api

#endif  // CRIER_COMMON_API_TIME_H_
