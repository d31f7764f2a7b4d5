#include "services/delivery/domain/webhooks/webhook.h"

#include "common/api/etag.h"

namespace crier::delivery {

std::string PayloadVersionName(PayloadVersion version) {
  switch (version) {
    case PayloadVersion::k202304:
      return "202304";
  }
}

std::optional<PayloadVersion> FindPayloadVersion(absl::string_view name) {
  for (const PayloadVersion version : {PayloadVersion::k202304}) {
    if (name == PayloadVersionName(version)) return version;
  }
  return std::nullopt;
}

std::string Webhook::etag() const { return api::Etag(version); }

}  // namespace crier::delivery
