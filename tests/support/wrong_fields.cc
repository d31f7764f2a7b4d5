#include "tests/support/wrong_fields.h"

#include "google/rpc/error_details.pb.h"

namespace crier {

std::vector<std::string> WrongFields(const absl::Status& status) {
  std::vector<std::string> fields;
  google::rpc::BadRequest bad_request;
  const auto detail = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (!detail || !bad_request.ParseFromString(std::string(*detail))) return fields;
  for (const auto& violation : bad_request.field_violations()) fields.push_back(violation.field());
  return fields;
}

}  // namespace crier
