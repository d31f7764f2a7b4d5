#include "common/api/etag.h"

#include "absl/strings/str_cat.h"

namespace crier::api {

std::string Etag(int64_t version) { return absl::StrCat("\"", version, "\""); }

}  // namespace crier::api
