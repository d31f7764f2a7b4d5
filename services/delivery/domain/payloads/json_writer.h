// Compact JSON with keys in the order written, and without what is empty.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_JSON_WRITER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_JSON_WRITER_H_

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace crier::delivery {

// Writes one JSON value from front to back. Escapes only what JSON must escape: `/` and everything
// beyond ASCII stay as they are. Strings are taken for valid UTF-8, as protobuf guarantees. The
// output depends on nothing but the calls. Not thread-safe.
class JsonWriter {
 public:
  JsonWriter() : writer_(buffer_) {}

  // The root, an element of an array, or the value of Key().
  void BeginObject();
  // A member that is left out if it ends without a member of its own. `key` must outlive it.
  void BeginObject(absl::string_view key) { unopened_.push_back(key); }
  void EndObject();

  void BeginArray(absl::string_view key);
  void EndArray() { writer_.EndArray(); }

  // Begins a member whose value follows.
  void Key(absl::string_view key);

  void Number(absl::string_view key, int64_t value);
  // Members that are left out when the value is empty, as are empty elements of the list.
  void String(absl::string_view key, absl::string_view value);
  void Strings(absl::string_view key,
               const google::protobuf::RepeatedPtrField<std::string>& values);

  // What was written; complete once every object and array has ended.
  std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  void Value(absl::string_view value);

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
  // Keys of the objects that have begun, but have no member yet.
  std::vector<absl::string_view> unopened_;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_JSON_WRITER_H_
