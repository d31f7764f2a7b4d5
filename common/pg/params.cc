#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/pg/text_format.h"
#include "common/pg/transaction.h"

namespace crier::pg {
namespace {

void AddElement(ArrayLiteral& array, int64_t value) {
  array.AddPlain(absl::AlphaNum(value).Piece());
}
void AddElement(ArrayLiteral& array, bool value) { array.AddPlain(value ? "t" : "f"); }
void AddElement(ArrayLiteral& array, absl::Time value) { array.AddQuoted(EncodeTime(value)); }
void AddElement(ArrayLiteral& array, const std::string& value) { array.AddQuoted(value); }

template <typename T>
void AddElement(ArrayLiteral& array, const std::optional<T>& value) {
  if (value) {
    AddElement(array, *value);
  } else {
    array.AddNull();
  }
}

template <typename T>
std::string ToArray(const std::vector<T>& values) {
  ArrayLiteral array;
  for (const T& value : values) AddElement(array, value);
  return array.Finish();
}

}  // namespace

Params& Params::Add(int64_t value) {
  values_.push_back(absl::StrCat(value));
  return *this;
}

Params& Params::Add(bool value) {
  values_.push_back(value ? "t" : "f");
  return *this;
}

Params& Params::Add(double value) {
  values_.push_back(absl::StrFormat("%.17g", value));
  return *this;
}

Params& Params::Add(absl::string_view value) {
  values_.push_back(std::string(value));
  return *this;
}

Params& Params::Add(absl::Time value) {
  values_.push_back(EncodeTime(value));
  return *this;
}

Params& Params::AddBytes(absl::string_view value) {
  values_.push_back(EncodeBytes(value));
  return *this;
}

Params& Params::AddNull() {
  values_.push_back(std::nullopt);
  return *this;
}

Params& Params::AddArray(const std::vector<int64_t>& values) {
  values_.push_back(ToArray(values));
  return *this;
}

Params& Params::AddArray(const std::vector<int32_t>& values) {
  return AddArray(std::vector<int64_t>(values.begin(), values.end()));
}

Params& Params::AddArray(const std::vector<bool>& values) {
  ArrayLiteral array;
  for (const bool value : values) AddElement(array, value);
  values_.push_back(array.Finish());
  return *this;
}

Params& Params::AddArray(const std::vector<std::string>& values) {
  values_.push_back(ToArray(values));
  return *this;
}

Params& Params::AddArray(const std::vector<absl::Time>& values) {
  values_.push_back(ToArray(values));
  return *this;
}

Params& Params::AddBytesArray(const std::vector<std::string>& values) {
  ArrayLiteral array;
  for (const std::string& value : values) array.AddBytes(value);
  values_.push_back(array.Finish());
  return *this;
}

Params& Params::AddArray(const std::vector<std::optional<absl::Time>>& values) {
  values_.push_back(ToArray(values));
  return *this;
}

Params& Params::AddArray(const std::vector<std::optional<std::string>>& values) {
  values_.push_back(ToArray(values));
  return *this;
}

Params& Params::AddArray(const std::vector<std::optional<int64_t>>& values) {
  values_.push_back(ToArray(values));
  return *this;
}

}  // namespace crier::pg
