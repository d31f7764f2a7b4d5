// Payloads of random messages: whatever an entity holds, the payload is valid JSON without empty
// values, says what the entity says, and has no more than the published schema knows.
#include <rapidjson/document.h>
#include <rapidjson/istreamwrapper.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/attempts/notice.h"
#include "services/delivery/domain/payloads/payload.h"

namespace crier::delivery {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class MessageMaker {
 public:
  explicit MessageMaker(int seed) : random_(seed) {}

  size_t Below(size_t bound) { return random_() % bound; }

  // Text with a taste for what breaks JSON, also empty.
  std::string Text() {
    static const char* const pieces[] = {"",     "a",    "Zoë",  "\"", "\\",     "/", "</script>",
                                         "\x01", "\x1f", "\x7f", "\n", "\r\t",   "😀", "\u2028",
                                         "null", "{",    "]",    ",",  "\\u0000"};
    std::string text;
    for (size_t i = Below(4); i > 0; --i) text += pieces[Below(std::size(pieces))];
    return text;
  }

  // Sets about half of the fields, to any depth.
  void Fill(Message& message) {
    const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
    if (descriptor.full_name() == "google.protobuf.Timestamp") return FillTime(message);
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      if (field.is_map() || Below(2) == 0) continue;
      if (field.is_repeated()) {
        for (size_t n = Below(4); n > 0; --n) Add(message, field);
      } else {
        Set(message, field);
      }
    }
  }

 private:
  void Add(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.AddString(&message, &field, Text());
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Fill(*reflection.AddMessage(&message, &field));
    }
  }

  void Set(Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection.SetString(&message, &field, Text());
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(*reflection.MutableMessage(&message, &field));
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection.SetInt64(&message, &field, static_cast<int64_t>(random_()));
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection.SetEnumValue(&message, &field, static_cast<int>(Below(5)));
      default:
        return;  // not part of a payload
    }
  }

  // Any time of the years 1 to 9999.
  void FillTime(Message& message) {
    auto& time = static_cast<google::protobuf::Timestamp&>(message);
    constexpr int64_t kFirst = -62135596800, kLast = 253402300799;
    time.set_seconds(std::uniform_int_distribution<int64_t>(kFirst, kLast)(random_));
    time.set_nanos(static_cast<int32_t>(Below(1000000000)));
  }

  std::mt19937_64 random_;
};

// No null, no "", no [] and no {} anywhere.
bool HasNothingEmpty(const rapidjson::Value& value) {
  if (value.IsObject()) {
    if (value.ObjectEmpty()) return false;
    for (const auto& member : value.GetObject()) {
      if (!HasNothingEmpty(member.value)) return false;
    }
    return true;
  }
  if (value.IsArray()) {
    if (value.Empty()) return false;
    for (const auto& element : value.GetArray()) {
      if (!HasNothingEmpty(element)) return false;
    }
    return true;
  }
  return value.IsString() ? value.GetStringLength() > 0 : value.IsInt64();
}

// The member is there exactly if the text is not empty, and then equals it.
void ExpectText(const rapidjson::Value& object, const char* key, const std::string& text) {
  EXPECT_EQ(object.HasMember(key), !text.empty()) << key;
  if (object.HasMember(key)) EXPECT_EQ(object[key].GetString(), text) << key;
}

rapidjson::Document LoadJson(const std::string& path) {
  std::ifstream file(CRIER_TESTDATA "/" + path);
  rapidjson::IStreamWrapper stream(file);
  rapidjson::Document document;
  document.ParseStream(stream);
  EXPECT_FALSE(document.HasParseError()) << path;
  return document;
}

rapidjson::Document LoadSchema(const std::string& name) {
  return LoadJson("../../proto/payloads/202304/" + name + ".schema.json");
}

// Receivers must bear members that they do not know, so the published schemas permit them; here
// each member must be published.
void PermitNothingElse(rapidjson::Value& schema, rapidjson::Document::AllocatorType& allocator) {
  if (!schema.IsObject()) return;
  for (auto member = schema.MemberBegin(); member < schema.MemberEnd(); ++member) {
    PermitNothingElse(member->value, allocator);
  }
  if (schema.HasMember("properties") && schema["properties"].IsObject() &&
      schema.HasMember("type")) {
    schema.AddMember("additionalProperties", false, allocator);
  }
}

// The published schemas by their name, strict.
class Schemas {
 public:
  // What is wrong with the value, as a pointer into the schema; empty when nothing is.
  std::string Violation(const std::string& name, const rapidjson::Value& value) {
    std::unique_ptr<rapidjson::SchemaDocument>& schema = schemas_[name];
    if (schema == nullptr) schema = Load(name);
    rapidjson::SchemaValidator validator(*schema);
    if (value.Accept(validator)) return "";
    rapidjson::StringBuffer pointer;
    validator.GetInvalidSchemaPointer().StringifyUriFragment(pointer);
    return std::string(pointer.GetString()) + " " + validator.GetInvalidSchemaKeyword();
  }

 private:
  static std::unique_ptr<rapidjson::SchemaDocument> Load(const std::string& name) {
    rapidjson::Document document = LoadSchema(name);
    PermitNothingElse(document, document.GetAllocator());
    // The envelope's payload has a schema of its own.
    if (name == "envelope") document["properties"]["payload"].RemoveMember("additionalProperties");
    return std::make_unique<rapidjson::SchemaDocument>(document);
  }

  std::map<std::string, std::unique_ptr<rapidjson::SchemaDocument>> schemas_;
};

TEST(PayloadPropertyTest, AnyEntityBecomesValidJson) {
  MessageMaker make(testing::UnitTest::GetInstance()->random_seed());  // printed by GoogleTest
  Schemas schemas;

  for (int round = 0; round < 2000 && !testing::Test::HasFailure(); ++round) {
    entity::v1::Event event;
    const size_t kind = round % 3;
    if (kind == 0) make.Fill(*event.mutable_contact());
    if (kind == 1) make.Fill(*event.mutable_organization());
    if (kind == 2) make.Fill(*event.mutable_activity());
    Webhook webhook;
    webhook.member_alias = make.Below(2) == 0;
    webhook.envelope = kind == 2 && make.Below(2) == 0;

    const auto payload = RenderPayload(event, {1, make.Text()}, webhook, "https://app.example.com");

    ASSERT_TRUE(payload.ok()) << payload.status();
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(payload->data(), payload->size());
    ASSERT_FALSE(document.HasParseError()) << event.ShortDebugString();
    EXPECT_TRUE(HasNothingEmpty(document)) << *payload;
    const rapidjson::Value& entity = webhook.envelope ? document["payload"] : document;
    EXPECT_EQ(schemas.Violation(entity["type"].GetString(), entity), "") << *payload;
    if (webhook.envelope) EXPECT_EQ(schemas.Violation("envelope", document), "") << *payload;
    if (kind == 0) ExpectText(entity, "fullName", event.contact().full_name());
    if (kind == 1) ExpectText(entity, "name", event.organization().display_name());
    if (kind == 2) ExpectText(entity, "content", event.activity().content());
  }
}

TEST(PayloadSchemaTest, ExamplesAreTheDocumentedPayloads) {
  for (const std::string name : {"contact", "organization", "activity"}) {
    EXPECT_EQ(LoadSchema(name)["examples"][0], LoadJson("payloads/" + name + ".json")) << name;
  }
  const rapidjson::Document envelope = LoadSchema("envelope");
  EXPECT_EQ(Schemas().Violation("envelope", envelope["examples"][0]), "");
}

TEST(PayloadSchemaTest, HoldsForNotices) {
  Schemas schemas;
  const auto violation = [&](const Notice& notice) {
    rapidjson::Document document;
    document.Parse(RenderNotice(notice).c_str());
    return schemas.Violation("../notice", document);
  };
  Webhook webhook;
  webhook.id = {7, 3};
  webhook.display_name = "CRM";
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  EXPECT_EQ(violation(FailingNotice(webhook, now, now + absl::Hours(1))), "");
  EXPECT_EQ(violation(RecoveredNotice(webhook, now)), "");
  for (const DisableReason reason :
       {DisableReason::kManual, DisableReason::kGone, DisableReason::kFailing}) {
    webhook.disable_reason = reason;
    EXPECT_EQ(violation(DisabledNotice(webhook, now)), "");
  }
  Exchange attempt;
  attempt.start_time = now;
  attempt.result.error = "no answer in time";
  EXPECT_EQ(violation(ExhaustedNotice(webhook.id, MessageId::FirstAt(now), 10, attempt)), "");

  rapidjson::Document sample;
  sample.Parse(RenderNotice(SampleNotice()).c_str());
  EXPECT_EQ(LoadSchema("../notice")["examples"][0], sample);
}

}  // namespace
}  // namespace crier::delivery
