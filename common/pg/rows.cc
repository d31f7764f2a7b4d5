#include <limits>

#include "absl/base/internal/raw_logging.h"
#include "absl/strings/numbers.h"
#include "common/pg/rows_impl.h"
#include "common/pg/text_format.h"
#include "common/pg/transaction.h"

namespace crier::pg {
namespace {

// A column that is not what the code thinks: a bug. The value itself is not shown.
[[noreturn]] void Mismatch(const pqxx::field& field, const char* expected) {
  ABSL_RAW_LOG(FATAL, "column %s (type oid %u) %s, read as %s", field.name(), field.type(),
               field.is_null() ? "is NULL" : "has another type", expected);
  std::abort();  // not reached; RAW_LOG is not declared [[noreturn]]
}

absl::string_view View(const pqxx::field& field) { return {field.c_str(), field.size()}; }

absl::string_view NonNull(const pqxx::field& field, const char* expected) {
  if (field.is_null()) Mismatch(field, expected);
  return View(field);
}

pqxx::field FieldAt(const pqxx::result& result, int row, int column) {
  if (row < 0 || row >= static_cast<int>(result.size()) || column < 0 ||
      column >= static_cast<int>(result.columns())) {
    ABSL_RAW_LOG(FATAL, "row %d, column %d of a result of %d rows, %d columns", row, column,
                 static_cast<int>(result.size()), static_cast<int>(result.columns()));
  }
  return result[static_cast<pqxx::result_size_type>(row)][static_cast<pqxx::row_size_type>(column)];
}

int64_t ToInt64(const pqxx::field& field) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(NonNull(field, "an integer"), &value)) Mismatch(field, "an integer");
  return value;
}

absl::Time ToTime(const pqxx::field& field) {
  const std::optional<absl::Time> time = DecodeTime(NonNull(field, "a timestamptz"));
  if (!time) Mismatch(field, "a timestamptz");
  return *time;
}

}  // namespace

int Rows::size() const { return impl_ == nullptr ? 0 : static_cast<int>(impl_->result.size()); }

int64_t Rows::affected() const {
  return impl_ == nullptr ? 0 : static_cast<int64_t>(impl_->result.affected_rows());
}

bool Rows::Row::IsNull(int column) const {
  return FieldAt(rows_->impl_->result, index_, column).is_null();
}

int64_t Rows::Row::Int64(int column) const {
  return ToInt64(FieldAt(rows_->impl_->result, index_, column));
}

int32_t Rows::Row::Int32(int column) const {
  const pqxx::field field = FieldAt(rows_->impl_->result, index_, column);
  const int64_t value = ToInt64(field);
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    Mismatch(field, "a 32-bit integer");
  }
  return static_cast<int32_t>(value);
}

bool Rows::Row::Bool(int column) const {
  const pqxx::field field = FieldAt(rows_->impl_->result, index_, column);
  const absl::string_view text = NonNull(field, "a boolean");
  if (text != "t" && text != "f") Mismatch(field, "a boolean");
  return text == "t";
}

std::string Rows::Row::Text(int column) const {
  return std::string(NonNull(FieldAt(rows_->impl_->result, index_, column), "a text"));
}

std::string Rows::Row::Bytes(int column) const {
  const pqxx::field field = FieldAt(rows_->impl_->result, index_, column);
  std::optional<std::string> bytes = DecodeBytes(NonNull(field, "a bytea"));
  if (!bytes) Mismatch(field, "a bytea");
  return *std::move(bytes);
}

absl::Time Rows::Row::Time(int column) const {
  return ToTime(FieldAt(rows_->impl_->result, index_, column));
}

std::optional<absl::Time> Rows::Row::OptionalTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

std::optional<std::string> Rows::Row::OptionalText(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

std::optional<int64_t> Rows::Row::OptionalInt64(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Int64(column);
}

}  // namespace crier::pg
