// Entities of any content: a payload is valid JSON in valid UTF-8, names nothing twice, says what
// the entity says, and is the same every time.
#include <rapidjson/document.h>

#include <set>
#include <string>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "services/delivery/domain/payloads/payload.h"
#include "tests/support/fuzzing.h"

namespace crier::delivery {
namespace {

using tests::FuzzCheck;

std::string Text(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

void CheckNames(const rapidjson::Value& value) {
  if (value.IsArray()) {
    for (const rapidjson::Value& element : value.GetArray()) CheckNames(element);
  }
  if (!value.IsObject()) return;
  std::set<std::string> names;
  for (const auto& member : value.GetObject()) {
    FuzzCheck(names.insert(Text(member.name)).second, "an object has a name once");
    CheckNames(member.value);
  }
}

// What is empty is left out.
void CheckText(const rapidjson::Value& object, const char* name, const std::string& wanted) {
  const auto found = object.FindMember(name);
  FuzzCheck(wanted.empty() == (found == object.MemberEnd()), "what is not there is left out");
  if (wanted.empty()) return;
  FuzzCheck(found->value.IsString() && Text(found->value) == wanted, "a text arrives as it is");
}

// As are empty ones in a list.
void CheckTexts(const rapidjson::Value& object, const char* name,
                const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<std::string> wanted(texts.begin(), texts.end());
  std::erase(wanted, "");
  std::vector<std::string> found;
  const auto member = object.FindMember(name);
  if (member != object.MemberEnd()) {
    for (const rapidjson::Value& text : member->value.GetArray()) found.push_back(Text(text));
    FuzzCheck(!found.empty(), "an empty list is left out");
  }
  FuzzCheck(found == wanted, "texts arrive as they are");
}

void CheckContact(const rapidjson::Value& object, const entity::v1::Contact& contact) {
  CheckText(object, "fullName", contact.full_name());
  CheckText(object, "primaryEmail", contact.primary_email());
  CheckText(object, "github", contact.github().handle());
  CheckTexts(object, "allEmails", contact.all_emails());
}

void CheckEntity(const rapidjson::Value& object, const entity::v1::Event& event) {
  if (event.has_contact()) {
    CheckContact(object, event.contact());
    CheckText(object, "title", event.contact().title());
  } else if (event.has_organization()) {
    CheckText(object, "name", event.organization().display_name());
    CheckText(object, "domain", event.organization().domain());
  } else {
    const auto contact = object.FindMember("contact");
    const rapidjson::Value nobody(rapidjson::kObjectType);  // has nothing, and so is left out
    CheckContact(contact == object.MemberEnd() ? nobody : contact->value,
                 event.activity().contact());
    CheckText(object, "content", event.activity().content());
    CheckTexts(object, "topics", event.activity().topics());
  }
}

void Render(const entity::v1::Event& event, const Webhook& webhook) {
  const WorkflowRef workflow = {7, event.contact().full_name()};
  const auto payload = RenderPayload(event, workflow, webhook, kDefaultAppBaseUrl);
  if (!payload.ok()) return;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(payload->data(), payload->size());
  FuzzCheck(!document.HasParseError() && document.IsObject(), "a payload is a JSON object");
  CheckNames(document);
  CheckEntity(webhook.envelope ? document["payload"] : document, event);
  FuzzCheck(*RenderPayload(event, workflow, webhook, kDefaultAppBaseUrl) == *payload,
            "a retry sends the same bytes");
}

}  // namespace
}  // namespace crier::delivery

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer silencer;  // most of it is no UTF-8
  crier::entity::v1::Event event;
  if (!event.ParseFromArray(data, static_cast<int>(size))) return 0;
  crier::delivery::Webhook webhook;
  crier::delivery::Render(event, webhook);
  webhook.envelope = webhook.member_alias = true;
  crier::delivery::Render(event, webhook);
  return 0;
}
