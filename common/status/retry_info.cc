#include "common/status/retry_info.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "google/rpc/error_details.pb.h"

namespace crier {

absl::Status WithRetryInfo(absl::Status status, absl::Duration retry_after) {
  google::rpc::RetryInfo retry;
  *retry.mutable_retry_delay() = google::protobuf::util::TimeUtil::MillisecondsToDuration(
      absl::ToInt64Milliseconds(retry_after));
  status.SetPayload(absl::StrCat("type.googleapis.com/", retry.GetTypeName()),
                    absl::Cord(retry.SerializeAsString()));
  return status;
}

}  // namespace crier
