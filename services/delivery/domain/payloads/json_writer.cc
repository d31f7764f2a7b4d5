#include "services/delivery/domain/payloads/json_writer.h"

#include <algorithm>

namespace crier::delivery {
namespace {

rapidjson::SizeType Size(absl::string_view text) {
  return static_cast<rapidjson::SizeType>(text.size());
}

}  // namespace

void JsonWriter::BeginObject() { writer_.StartObject(); }

void JsonWriter::EndObject() {
  if (unopened_.empty()) {
    writer_.EndObject();
  } else {
    unopened_.pop_back();
  }
}

void JsonWriter::BeginArray(absl::string_view key) {
  Key(key);
  writer_.StartArray();
}

void JsonWriter::Key(absl::string_view key) {
  for (const absl::string_view object : unopened_) {
    writer_.Key(object.data(), Size(object));
    writer_.StartObject();
  }
  unopened_.clear();
  writer_.Key(key.data(), Size(key));
}

void JsonWriter::Number(absl::string_view key, int64_t value) {
  Key(key);
  writer_.Int64(value);
}

void JsonWriter::String(absl::string_view key, absl::string_view value) {
  if (value.empty()) return;
  Key(key);
  Value(value);
}

void JsonWriter::Strings(absl::string_view key,
                         const google::protobuf::RepeatedPtrField<std::string>& values) {
  const auto empty = [](const std::string& value) { return value.empty(); };
  if (std::all_of(values.begin(), values.end(), empty)) return;
  BeginArray(key);
  for (const std::string& value : values) {
    if (!value.empty()) Value(value);
  }
  EndArray();
}

void JsonWriter::Value(absl::string_view value) { writer_.String(value.data(), Size(value)); }

}  // namespace crier::delivery
