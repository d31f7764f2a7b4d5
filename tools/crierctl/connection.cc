#include "tools/crierctl/connection.h"

#include "absl/strings/match.h"

namespace crier::crierctl {

const std::string& AddressOf(absl::string_view service, const Settings& settings) {
  const std::string* apart = &settings.server;
  if (absl::StartsWith(service, "crier.ingest.")) apart = &settings.ingest_server;
  if (absl::StartsWith(service, "crier.workflow.")) apart = &settings.workflow_server;
  if (absl::StartsWith(service, "crier.delivery.")) apart = &settings.delivery_server;
  return apart->empty() ? settings.server : *apart;
}

}  // namespace crier::crierctl
