// Rows on their way to Postgres: whatever is put into them, and in whatever order, is what the
// binary format of arrays says that they hold. The reader here knows the format from Postgres'
// array_recv and record_recv, and nothing of the writer.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/pg/row_array.h"
#include "tests/support/fuzzing.h"

namespace crier::pg {

// Reads what is on its way.
class RowArrayPeer {
 public:
  static std::string Take(RowArray rows) { return rows.Take(); }
};

namespace {

using tests::FuzzCheck;

// A value as it must arrive: the number of its type, and its bytes.
struct Field {
  uint32_t type;
  std::optional<std::string> bytes;  // nothing: NULL
  friend bool operator==(const Field& a, const Field& b) {
    return a.type == b.type && a.bytes == b.bytes;
  }
};
using Fields = std::vector<Field>;

// --- what must arrive ---

std::string BigEndian(uint64_t number, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(number >> (8 * (size - 1 - i)));
  return bytes;
}

// A list without NULLs, in one dimension, of elements that count from 1.
std::string ExpectedList(uint32_t element_type, const std::vector<std::string>& elements) {
  std::string bytes = BigEndian(1, 4) + BigEndian(0, 4) + BigEndian(element_type, 4) +
                      BigEndian(elements.size(), 4) + BigEndian(1, 4);
  for (const std::string& element : elements) bytes += BigEndian(element.size(), 4) + element;
  return bytes;
}

// --- what arrives ---

class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  int32_t Int32() {
    const absl::string_view taken = Take(4);
    uint32_t number = 0;
    for (const char byte : taken) number = number << 8 | static_cast<uint8_t>(byte);
    return static_cast<int32_t>(number);
  }

  absl::string_view Take(size_t size) {
    FuzzCheck(size <= bytes_.size(), "a value has the size that it says");
    const absl::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  bool AtEnd() const { return bytes_.empty(); }

 private:
  absl::string_view bytes_;
};

Fields ReadRow(absl::string_view bytes) {
  Reader reader(bytes);
  const int32_t columns = reader.Int32();
  FuzzCheck(columns >= 0, "a row has a number of columns");
  Fields row;
  for (int32_t i = 0; i < columns; ++i) {
    Field field;
    field.type = static_cast<uint32_t>(reader.Int32());
    const int32_t size = reader.Int32();
    FuzzCheck(size >= -1, "a value has a size, or is NULL");
    if (size >= 0) field.bytes = std::string(reader.Take(static_cast<size_t>(size)));
    row.push_back(std::move(field));
  }
  FuzzCheck(reader.AtEnd(), "nothing follows the last column of a row");
  return row;
}

std::vector<Fields> ReadRows(absl::string_view bytes, uint32_t type) {
  Reader reader(bytes);
  FuzzCheck(reader.Int32() == 1, "an array has one dimension");
  FuzzCheck(reader.Int32() == 0, "no row is NULL");
  FuzzCheck(static_cast<uint32_t>(reader.Int32()) == type, "the rows are of the type");
  const int32_t count = reader.Int32();
  FuzzCheck(count >= 0, "an array has a number of rows");
  FuzzCheck(reader.Int32() == 1, "the first row is number 1");
  std::vector<Fields> rows;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t size = reader.Int32();
    FuzzCheck(size >= 0, "a row has a size");
    rows.push_back(ReadRow(reader.Take(static_cast<size_t>(size))));
  }
  FuzzCheck(reader.AtEnd(), "nothing follows the last row");
  return rows;
}

// --- a value of each type ---

Field AddTime(FuzzedDataProvider& input, RowArray& rows) {
  // From 4713 BC to 294276, as far as Postgres counts; it does so from 2000.
  constexpr int64_t kEpoch = 946'684'800'000'000;
  const int64_t micros = input.ConsumeIntegralInRange<int64_t>(-211'813'488'000'000'000 + kEpoch,
                                                               9'223'371'331'200'000'000 - 1);
  const int nanos = input.ConsumeIntegralInRange<int>(0, 999);
  rows.Add(absl::FromUnixMicros(micros) + absl::Nanoseconds(nanos));
  return {1184, BigEndian(static_cast<uint64_t>(micros - kEpoch), 8)};
}

Field AddInfinity(FuzzedDataProvider& input, RowArray& rows) {
  const bool future = input.ConsumeBool();
  rows.Add(future ? absl::InfiniteFuture() : absl::InfinitePast());
  return {1184, BigEndian(static_cast<uint64_t>(future ? std::numeric_limits<int64_t>::max()
                                                       : std::numeric_limits<int64_t>::min()),
                          8)};
}

Field AddDouble(FuzzedDataProvider& input, RowArray& rows) {
  const auto bits = input.ConsumeIntegral<uint64_t>();
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  rows.Add(value);
  return {701, BigEndian(bits, 8)};
}

Field AddTexts(FuzzedDataProvider& input, RowArray& rows) {
  std::vector<std::string> elements(input.ConsumeIntegralInRange<size_t>(0, 5));
  for (std::string& element : elements) element = input.ConsumeRandomLengthString(40);
  rows.BeginTexts(elements.size());
  for (const std::string& element : elements) rows.AddElement(element);
  return {1009, ExpectedList(25, elements)};
}

Field AddBigints(FuzzedDataProvider& input, RowArray& rows) {
  std::vector<int64_t> elements(input.ConsumeIntegralInRange<size_t>(0, 5));
  for (int64_t& element : elements) element = input.ConsumeIntegral<int64_t>();
  std::vector<std::string> expected;
  rows.BeginBigints(elements.size());
  for (const int64_t element : elements) {
    rows.AddElement(element);
    expected.push_back(BigEndian(static_cast<uint64_t>(element), 8));
  }
  return {1016, ExpectedList(20, expected)};
}

template <typename Number>
Field AddInteger(uint32_t type, FuzzedDataProvider& input, RowArray& rows) {
  const Number value = input.ConsumeIntegral<Number>();
  rows.Add(value);
  return {type, BigEndian(static_cast<uint64_t>(value), sizeof(value))};
}

Field AddNull(FuzzedDataProvider& input, RowArray& rows) {
  constexpr uint32_t kTypes[] = {16, 17, 20, 21, 23, 25, 701, 1009, 1016, 1184, 2950};
  const uint32_t type = input.PickValueInArray(kTypes);
  rows.AddNull(static_cast<ColumnType>(type));
  return {type, std::nullopt};
}

Field AddValue(FuzzedDataProvider& input, RowArray& rows) {
  switch (input.ConsumeIntegralInRange<int>(0, 12)) {
    case 0: {
      const bool value = input.ConsumeBool();
      rows.Add(value);
      return {16, std::string(1, value ? '\1' : '\0')};
    }
    case 1:
      return AddInteger<int16_t>(21, input, rows);
    case 2:
      return AddInteger<int32_t>(23, input, rows);
    case 3:
      return AddInteger<int64_t>(20, input, rows);
    case 4:
      return AddDouble(input, rows);
    case 5:
      return AddTime(input, rows);
    case 6:
      return AddInfinity(input, rows);
    case 7: {
      const std::string value = input.ConsumeRandomLengthString(200);
      rows.AddText(value);
      return {25, value};
    }
    case 8: {
      const std::string value = input.ConsumeRandomLengthString(200);
      value.copy(rows.AddBytes(value.size()), value.size());
      return {17, value};
    }
    case 9: {
      std::array<uint8_t, 16> value;
      for (uint8_t& byte : value) byte = input.ConsumeIntegral<uint8_t>();
      rows.AddUuid(value);
      return {2950, std::string(value.begin(), value.end())};
    }
    case 10:
      return AddTexts(input, rows);
    case 11:
      return AddBigints(input, rows);
    default:
      return AddNull(input, rows);
  }
}

void CheckRows(FuzzedDataProvider& input) {
  const auto type = input.ConsumeIntegral<uint32_t>();
  RowArray rows(RowType{type});
  std::vector<Fields> expected;
  while (input.remaining_bytes() > 0 && expected.size() < 200) {
    Fields row;
    const int columns = input.ConsumeIntegralInRange<int>(0, 20);
    rows.BeginRow(columns);
    for (int i = 0; i < columns; ++i) row.push_back(AddValue(input, rows));
    expected.push_back(std::move(row));
  }
  FuzzCheck(ReadRows(RowArrayPeer::Take(std::move(rows)), type) == expected,
            "an array holds the rows that were put into it");
}

}  // namespace
}  // namespace crier::pg

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  crier::pg::CheckRows(input);
  return 0;
}
