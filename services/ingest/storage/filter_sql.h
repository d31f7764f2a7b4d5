// Filters as SQL over the columns of entities.
#ifndef CRIER_SERVICES_INGEST_STORAGE_FILTER_SQL_H_
#define CRIER_SERVICES_INGEST_STORAGE_FILTER_SQL_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/filter/filter.h"
#include "common/pg/transaction.h"
#include "google/protobuf/descriptor.h"

namespace crier::ingest::storage {

// The parameters of a statement that is made at run time. The first is the community: `$1`. Not
// thread-safe.
class SqlParams {
 public:
  explicit SqlParams(int64_t community) { Add(community); }

  // Adds a value; its placeholder, `$2` and so on. Text that is made from it is the only way in
  // which a value gets into a statement.
  template <typename T>
  std::string Add(const T& value) {
    params_.Add(value);
    return absl::StrCat("$", ++count_);
  }

  const pg::Params& params() const { return params_; }

 private:
  pg::Params params_;
  int count_ = 0;
};

// Where a field is found: the column of the fields from the entity down, with the alias of its
// table (`c.full_name`). Of a map, what it returns is followed by `_keys` or `_values`.
using ColumnOf =
    std::function<std::string(absl::Span<const google::protobuf::FieldDescriptor* const>)>;

// A boolean expression that is true for exactly the rows whose entity the filter matches. Where a
// message is unset on the way to a field, columns are NULL and comparisons with them are neither
// true nor false; whatever is not true counts as false, also under a negation.
//
// `now` is what relative times count from. Contacts, where a filter speaks of them, have the alias
// `c`.
std::string FilterSql(const filter::Filter& filter, absl::Time now, const ColumnOf& column_of,
                      SqlParams& params);

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_FILTER_SQL_H_
