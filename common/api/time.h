// Protobuf's times and absl's.
#ifndef CRIER_COMMON_API_TIME_H_
#define CRIER_COMMON_API_TIME_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::api {

absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
absl::Duration FromProto(const google::protobuf::Duration& duration);
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

}  // namespace crier::api

#endif  // CRIER_COMMON_API_TIME_H_
