// Update masks (AIP-134).
#ifndef CRIER_COMMON_API_FIELD_MASK_H_
#define CRIER_COMMON_API_FIELD_MASK_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace crier::api {

// The top-level fields that an update is to change. `updatable` lists what may be changed. An empty
// mask means every updatable field that is not empty in `resource`; `*` alone means all updatable
// ones. A path that is unknown, not updatable, or leads below a top-level field is INVALID_ARGUMENT
// on `update_mask`.
absl::StatusOr<std::set<std::string>> FieldsToUpdate(const google::protobuf::FieldMask& mask,
                                                     const google::protobuf::Message& resource,
                                                     const std::vector<std::string>& updatable);

}  // namespace crier::api

#endif  // CRIER_COMMON_API_FIELD_MASK_H_
