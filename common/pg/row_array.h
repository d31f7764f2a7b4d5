// Many rows as one parameter.
#ifndef CRIER_COMMON_PG_ROW_ARRAY_H_
#define CRIER_COMMON_PG_ROW_ARRAY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace crier::pg {

// A composite type of the schema, as Transaction::FindRowType() has found it.
struct RowType {
  uint32_t oid = 0;
};

// The types that columns may have. The numbers are those of Postgres' catalog, which are fixed.
enum class ColumnType : uint32_t {
  kBoolean = 16,
  kBytea = 17,
  kBigint = 20,
  kSmallint = 21,
  kInteger = 23,
  kText = 25,
  kDouble = 701,
  kTexts = 1009,    // text[]
  kBigints = 1016,  // bigint[]
  kTimestamptz = 1184,
  kUuid = 2950,
};

// An array of rows of a composite type, for `unnest($1::contact_row[])`, in Postgres' binary
// format. Where rows have many columns, this costs the server less than an array for each column: a
// row is read once, and stays one.
//
//   RowArray rows(type);
//   rows.BeginRow(2);
//   rows.Add(community);
//   rows.AddText(name);
//   transaction.Execute(kSave, Params().AddRows(rows));
//
// A row has the columns of the type, in their order; each value has the type that is named at its
// function. Postgres refuses whatever differs. Not thread-safe.
class RowArray {
 public:
  explicit RowArray(RowType type);

  // About how many bytes all rows will have, where that is known: so many need not be moved when
  // there are more than expected.
  void Reserve(size_t bytes) { data_.reserve(bytes); }

  // The next `columns` values are a row.
  void BeginRow(int columns);

  void AddNull(ColumnType type);
  void Add(bool value);                   // boolean
  void Add(int16_t value);                // smallint
  void Add(int32_t value);                // integer
  void Add(int64_t value);                // bigint
  void Add(double value);                 // double precision
  void Add(absl::Time value);             // timestamptz; rounded down to the microsecond
  void AddText(absl::string_view value);  // text
  void AddUuid(const std::array<uint8_t, 16>& value);
  // A bytea of `size` bytes, which are to be written there before anything else is added.
  char* AddBytes(size_t size);

  // A text[] or bigint[], whose `size` elements follow.
  void BeginTexts(size_t size);
  void AddElement(absl::string_view value);
  void BeginBigints(size_t size);
  void AddElement(int64_t value);

 private:
  friend class Params;
  friend class RowArrayPeer;  // reads what was written, in the fuzzer

  // Room for so many bytes more, which are to be written there before anything else is added.
  char* Extend(size_t size);
  template <typename Number>
  void AppendValue(ColumnType type, Number value);
  // Begin a value of so many bytes, of a row and of a list; the bytes are to be written there.
  char* AppendSized(ColumnType type, size_t size);
  char* AppendElement(size_t size);
  void AppendHeader(uint32_t element_type, size_t size);
  void BeginList(ColumnType type, ColumnType element_type, size_t size);
  void EndElement();
  void EndRow();
  // Of what began at `start` and ends here.
  void StoreLength(size_t start);

  // The parameter. Ends the life of the array.
  std::string Take();

  // Always as long as the room that there is; `size_` of it is written. Appending each value to the
  // string would cost more than the values.
  std::string data_;
  size_t size_ = 0;
  uint32_t rows_ = 0;
  size_t row_start_ = 0;
  size_t list_start_ = 0;
  size_t elements_left_ = 0;  // of the list
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_ROW_ARRAY_H_
