#include "services/delivery/domain/webhook.h"

#include "absl/strings/str_cat.h"

namespace crier::delivery {

std::string Webhook::etag() const { return absl::StrCat("v", version); }

}  // namespace crier::delivery
