#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/pg/text_format.h"
#include "common/pg/transaction.h"

namespace crier::pg {
namespace {

void AddElement(ArrayLiteral& array, int64_t value) {
  array.AddPlain(absl::AlphaNum(value).Piece());
}
void AddElement(ArrayLiteral& array, absl::Time value) { array.AddQuoted(EncodeTime(value)); }
void AddElement(ArrayLiteral& array, const std::string& value) { array.AddQuoted(value); }

void AddElement(ArrayLiteral& array, const std::optional<absl::Time>& value) {
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

Params& Params::AddText(std::string text) {
  values_.push_back({std::move(text)});
  return *this;
}

Params& Params::Add(int64_t value) { return AddText(absl::StrCat(value)); }

Params& Params::Add(bool value) { return AddText(value ? "t" : "f"); }

Params& Params::Add(double value) { return AddText(absl::StrFormat("%.17g", value)); }

Params& Params::Add(absl::string_view value) { return AddText(std::string(value)); }

Params& Params::Add(absl::Time value) { return AddText(EncodeTime(value)); }

Params& Params::AddBytes(absl::string_view value) { return AddText(EncodeBytes(value)); }

Params& Params::AddNull() {
  values_.push_back({std::nullopt});
  return *this;
}

Params& Params::AddArray(const std::vector<int64_t>& values) { return AddText(ToArray(values)); }

Params& Params::AddArray(const std::vector<int32_t>& values) {
  return AddArray(std::vector<int64_t>(values.begin(), values.end()));
}

Params& Params::AddArray(const std::vector<std::string>& values) {
  return AddText(ToArray(values));
}

Params& Params::AddArray(const std::vector<absl::Time>& values) { return AddText(ToArray(values)); }

Params& Params::AddBytesArray(const std::vector<std::string>& values) {
  values_.push_back({EncodeBinaryArray(values), /*binary=*/true});
  return *this;
}

Params& Params::AddRows(RowArray rows) {
  values_.push_back({rows.Take(), /*binary=*/true});
  return *this;
}

Params& Params::AddArray(const std::vector<std::optional<absl::Time>>& values) {
  return AddText(ToArray(values));
}

}  // namespace crier::pg
