#include "common/pg/row_array.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/time/civil_time.h"

namespace crier::pg {
namespace {

// The length of a row or a list stands before its bytes, and is known after them.
constexpr size_t kLengthBytes = 4;
constexpr size_t kTypeBytes = 4;

// What stands before the elements of an array, and where in it their number.
constexpr size_t kHeaderBytes = 20;
constexpr size_t kCountPlace = 12;

// Compilers make one instruction of this.
template <typename Number>
void Store(Number number, char* place) {
  auto bits = static_cast<uint64_t>(number);
  for (size_t i = sizeof(number); i > 0; --i, bits >>= 8) place[i - 1] = static_cast<char>(bits);
}

// Microseconds since 2000, rounded down.
int64_t ToMicros(absl::Time time) {
  if (time == absl::InfiniteFuture()) return std::numeric_limits<int64_t>::max();
  if (time == absl::InfinitePast()) return std::numeric_limits<int64_t>::min();
  static const absl::Time epoch = absl::FromCivil(absl::CivilYear(2000), absl::UTCTimeZone());
  return absl::ToInt64Microseconds(absl::Floor(time - epoch, absl::Microseconds(1)));
}

}  // namespace

RowArray::RowArray(RowType type) { AppendHeader(type.oid, 0); }

void RowArray::BeginRow(int columns) {
  EndRow();
  ++rows_;
  char* const start = Extend(2 * kLengthBytes);
  row_start_ = size_ - kLengthBytes;
  Store(static_cast<uint32_t>(columns), start + kLengthBytes);
}

void RowArray::EndRow() {
  if (rows_ == 0) return;
  StoreLength(row_start_);
}

void RowArray::AddNull(ColumnType type) {
  char* const start = Extend(kTypeBytes + kLengthBytes);
  Store(static_cast<uint32_t>(type), start);
  Store(int32_t{-1}, start + kTypeBytes);
}

void RowArray::Add(bool value) { AppendValue<uint8_t>(ColumnType::kBoolean, value ? 1 : 0); }
void RowArray::Add(int16_t value) { AppendValue(ColumnType::kSmallint, value); }
void RowArray::Add(int32_t value) { AppendValue(ColumnType::kInteger, value); }
void RowArray::Add(int64_t value) { AppendValue(ColumnType::kBigint, value); }
void RowArray::Add(absl::Time value) { AppendValue(ColumnType::kTimestamptz, ToMicros(value)); }

void RowArray::Add(double value) {
  uint64_t bits;
  static_assert(sizeof(bits) == sizeof(value));
  std::memcpy(&bits, &value, sizeof(bits));
  AppendValue(ColumnType::kDouble, bits);
}

void RowArray::AddText(absl::string_view value) {
  value.copy(AppendSized(ColumnType::kText, value.size()), value.size());
}

void RowArray::AddUuid(const std::array<uint8_t, 16>& value) {
  std::memcpy(AppendSized(ColumnType::kUuid, value.size()), value.data(), value.size());
}

char* RowArray::AddBytes(size_t size) { return AppendSized(ColumnType::kBytea, size); }

void RowArray::BeginTexts(size_t size) { BeginList(ColumnType::kTexts, ColumnType::kText, size); }

void RowArray::AddElement(absl::string_view value) {
  value.copy(AppendElement(value.size()), value.size());
  EndElement();
}

void RowArray::BeginBigints(size_t size) {
  BeginList(ColumnType::kBigints, ColumnType::kBigint, size);
}

void RowArray::AddElement(int64_t value) {
  Store(value, AppendElement(sizeof(value)));
  EndElement();
}

void RowArray::BeginList(ColumnType type, ColumnType element_type, size_t size) {
  AppendSized(type, 0);
  list_start_ = size_;
  AppendHeader(static_cast<uint32_t>(element_type), size);
  elements_left_ = size + 1;
  EndElement();
}

// With the last element, the list has its length.
void RowArray::EndElement() {
  if (--elements_left_ > 0) return;
  StoreLength(list_start_);
}

void RowArray::StoreLength(size_t start) {
  Store(static_cast<uint32_t>(size_ - start), &data_[start - kLengthBytes]);
}

void RowArray::AppendHeader(uint32_t element_type, size_t size) {
  char* const start = Extend(kHeaderBytes);
  Store(uint32_t{1}, start);      // dimensions
  Store(uint32_t{0}, start + 4);  // no NULLs
  Store(element_type, start + 8);
  Store(static_cast<uint32_t>(size), start + kCountPlace);
  Store(uint32_t{1}, start + 16);  // index of the first
}

template <typename Number>
void RowArray::AppendValue(ColumnType type, Number value) {
  Store(value, AppendSized(type, sizeof(value)));
}

char* RowArray::AppendSized(ColumnType type, size_t size) {
  char* const start = Extend(kTypeBytes + kLengthBytes + size);
  Store(static_cast<uint32_t>(type), start);
  Store(static_cast<uint32_t>(size), start + kTypeBytes);
  return start + kTypeBytes + kLengthBytes;
}

char* RowArray::AppendElement(size_t size) {
  char* const start = Extend(kLengthBytes + size);
  Store(static_cast<uint32_t>(size), start);
  return start + kLengthBytes;
}

char* RowArray::Extend(size_t size) {
  const size_t start = size_;
  size_ += size;
  if (size_ > data_.size()) data_.resize(std::max(size_, 2 * data_.size()));
  return &data_[start];
}

std::string RowArray::Take() {
  EndRow();
  Store(rows_, &data_[kCountPlace]);
  data_.resize(size_);
  return std::move(data_);
}

}  // namespace crier::pg
