// Entities of any content: a payload is valid JSON in valid UTF-8, and the same every time.
#include <rapidjson/document.h>

#include <string>

#include "services/delivery/domain/payloads/payload.h"
#include "tests/support/fuzzing.h"

namespace crier::delivery {
namespace {

using tests::FuzzCheck;

void Render(const entity::v1::Event& event, const Webhook& webhook) {
  const WorkflowRef workflow = {7, event.contact().full_name()};
  const auto payload = RenderPayload(event, workflow, webhook, kDefaultAppBaseUrl);
  if (!payload.ok()) return;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(payload->data(), payload->size());
  FuzzCheck(!document.HasParseError() && document.IsObject(), "a payload is a JSON object");
  FuzzCheck(*RenderPayload(event, workflow, webhook, kDefaultAppBaseUrl) == *payload,
            "a retry sends the same bytes");
}

}  // namespace
}  // namespace crier::delivery

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  crier::entity::v1::Event event;
  if (!event.ParseFromArray(data, static_cast<int>(size))) return 0;
  crier::delivery::Webhook webhook;
  crier::delivery::Render(event, webhook);
  webhook.envelope = webhook.member_alias = true;
  crier::delivery::Render(event, webhook);
  return 0;
}
