#include "services/delivery/domain/payloads/payload.h"

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "services/delivery/domain/payloads/json_writer.h"
#include "services/delivery/domain/payloads/translator.h"

namespace crier::delivery {
namespace {

using entity::v1::Event;

// The id that receivers recognise repeats by: `<community>-<workflow>-<provider>-<token>`. Contacts
// and organizations have no provider, so their own id stands in for the token.
absl::StatusOr<std::string> EnvelopeId(const Event& event, const WorkflowRef& workflow) {
  const std::string prefix = absl::StrCat(event.community_id(), "-", workflow.id, "-");
  if (event.has_activity()) {
    return absl::StrCat(prefix, event.activity().provider_id(), "-",
                        event.activity().external_id());
  }
  const bool contact = event.has_contact();
  ASSIGN_OR_RETURN(
      const api::ResourceId entity,
      contact ? api::ParseResource("event.contact.name", api::kContacts, event.contact().name())
              : api::ParseResource("event.organization.name", api::kOrganizations,
                                   event.organization().name()));
  return absl::StrCat(prefix, "0-", entity.id);
}

void WriteEntity(const Event& event, const Webhook& webhook, absl::string_view app_base_url,
                 JsonWriter& json) {
  switch (webhook.payload_version) {
    case PayloadVersion::k202304:
      if (event.has_contact()) return v202304::WriteContact(event.contact(), json);
      if (event.has_organization()) return v202304::WriteOrganization(event.organization(), json);
      return v202304::WriteActivity(
          event.activity(), {event.community_id(), app_base_url, webhook.member_alias}, json);
  }
}

}  // namespace

absl::StatusOr<std::string> RenderPayload(const Event& event, const WorkflowRef& workflow,
                                          const Webhook& webhook, absl::string_view app_base_url) {
  if (event.entity_case() == Event::ENTITY_NOT_SET) {
    return absl::InvalidArgumentError("event has no entity; set contact, organization or activity");
  }
  JsonWriter json;
  if (!webhook.envelope) {
    WriteEntity(event, webhook, app_base_url, json);
    return json.text();
  }

  ASSIGN_OR_RETURN(const std::string id, EnvelopeId(event, workflow));
  json.BeginObject();
  json.Key("payload");
  WriteEntity(event, webhook, app_base_url, json);
  json.String("id", id);
  json.BeginObject("source");
  json.String("type", "workflow");
  json.Number("id", workflow.id);
  json.String("name", workflow.display_name);
  json.EndObject();
  json.EndObject();
  return json.text();
}

}  // namespace crier::delivery
