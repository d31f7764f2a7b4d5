// Statements and their results. Nothing of libpqxx shows here: `<pqxx/…>` stays inside common/pg,
// and so do its exceptions.
#ifndef CRIER_COMMON_PG_TRANSACTION_H_
#define CRIER_COMMON_PG_TRANSACTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/pg/row_array.h"

namespace crier::pg {

// A named, constant, parameterised statement; prepared once a connection. The name must be unique
// within a pool. Meant to be a constant of a store's SQL file:
//
//   constexpr Statement kGetWebhook{"get_webhook", "SELECT … WHERE community_id = $1 AND …"};
struct Statement {
  const char* name;
  const char* sql;
};

// The parameters $1, $2, … of one execution, in order. Arrays become one parameter each, for
// `unnest($1::bigint[], $2::bytea[])`.
class Params {
 public:
  Params& Add(int64_t value);
  Params& Add(int32_t value) { return Add(static_cast<int64_t>(value)); }
  Params& Add(bool value);
  Params& Add(double value);
  Params& Add(absl::string_view value);  // text, uuid, …
  Params& Add(const char* value) { return Add(absl::string_view(value)); }
  Params& Add(absl::Time value);  // timestamptz, to the microsecond
  Params& AddBytes(absl::string_view value);
  Params& AddNull();

  // A value, or NULL when there is none.
  template <typename T>
  Params& Add(const std::optional<T>& value) {
    return value ? Add(*value) : AddNull();
  }

  Params& AddArray(const std::vector<int64_t>& values);
  Params& AddArray(const std::vector<int32_t>& values);
  Params& AddArray(const std::vector<std::string>& values);
  Params& AddArray(const std::vector<absl::Time>& values);
  Params& AddBytesArray(const std::vector<std::string>& values);
  Params& AddRows(RowArray rows);
  // NULL elements where there is no value.
  Params& AddArray(const std::vector<std::optional<absl::Time>>& values);

 private:
  friend class Transaction;
  struct Value {
    std::optional<std::string> data;  // nothing: NULL
    bool binary = false;              // in Postgres' binary format, otherwise its text format
  };

  Params& AddText(std::string text);

  std::vector<Value> values_;
};

// The rows of one result. Columns are read by position; reading NULL as a plain value, or a value
// as the wrong type, is a bug and ends the process with a message.
class Rows {
 public:
  class Row {
   public:
    bool IsNull(int column) const;
    int64_t Int64(int column) const;
    int32_t Int32(int column) const;
    bool Bool(int column) const;
    std::string Text(int column) const;
    std::string Bytes(int column) const;  // from bytea
    absl::Time Time(int column) const;    // from timestamptz
    std::optional<absl::Time> OptionalTime(int column) const;
    std::optional<std::string> OptionalText(int column) const;
    std::optional<int64_t> OptionalInt64(int column) const;

   private:
    friend class Rows;
    Row(const Rows* rows, int index) : rows_(rows), index_(index) {}
    const Rows* rows_;
    int index_;
  };

  class Iterator {
   public:
    Iterator(const Rows* rows, int index) : rows_(rows), index_(index) {}
    Row operator*() const { return (*rows_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Rows* rows_;
    int index_;
  };

  int size() const;
  bool empty() const { return size() == 0; }
  // Rows that an INSERT, UPDATE or DELETE touched.
  int64_t affected() const;
  Row operator[](int index) const { return Row(this, index); }
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, size()); }

 private:
  friend class Transaction;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// A READ COMMITTED transaction, lent by Pool::Run for the length of its work. Not thread-safe.
// After a failed statement the transaction can only be given up: return the status from the work.
class Transaction {
 public:
  // Errors: UNAVAILABLE (database away), ABORTED (deadlock or serialisation; Pool::Run repeats the
  // work), ALREADY_EXISTS (unique violation; metadata `constraint`), DEADLINE_EXCEEDED (statement
  // cancelled at the deadline), INVALID_ARGUMENT (text with a NUL or that is not UTF-8),
  // FAILED_PRECONDITION with ErrorReason `SCHEMA_MISSING` (a table is not there: not migrated),
  // INTERNAL otherwise. The text never holds SQL or values; metadata `sqlstate` and `statement` say
  // more where they are known.
  absl::StatusOr<Rows> Execute(const Statement& statement, const Params& params = {});

  // The composite type of the schema with that name; asked for once a connection.
  // FAILED_PRECONDITION with ErrorReason `SCHEMA_MISSING` when there is none.
  absl::StatusOr<RowType> FindRowType(const char* name);

  // Runs several statements without parameters or results, as migrations do.
  absl::Status ExecuteScript(absl::string_view sql);

  // SQL that is made at run time (table names of partitions); not prepared.
  absl::StatusOr<Rows> ExecuteDynamic(absl::string_view sql, const Params& params = {});

 private:
  friend class Connection;
  struct Impl;
  explicit Transaction(Impl* impl) : impl_(impl) {}

  template <typename Call>
  absl::StatusOr<Rows> ExecuteWith(const char* name, const Params& params, Call call);

  Impl* impl_;
};

}  // namespace crier::pg

#endif  // CRIER_COMMON_PG_TRANSACTION_H_
