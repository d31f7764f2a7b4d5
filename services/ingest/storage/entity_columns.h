// The columns that entities are filtered and ordered by.
#ifndef CRIER_SERVICES_INGEST_STORAGE_ENTITY_COLUMNS_H_
#define CRIER_SERVICES_INGEST_STORAGE_ENTITY_COLUMNS_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/filter/schema.h"
#include "common/pg/row_array.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace crier::ingest::storage {

// A column; a value.
struct EntityColumn {
  // Which part of the field it holds.
  enum class Part { kValue, kMapKeys, kMapValues };

  std::string name;
  std::string type;                                              // in SQL, without its collation
  std::vector<const google::protobuf::FieldDescriptor*> fields;  // from the entity to the value
  Part part = Part::kValue;

  bool is_array() const;
};

// The name of the column of a field: the names from the entity down, joined by `_`. Of a map, the
// columns are this with `_keys` and `_values`.
std::string ColumnName(absl::Span<const google::protobuf::FieldDescriptor* const> fields);

// The columns follow from the message: one for every field that filters may name. What is below a
// message that is unset is NULL, and so is a time that is unset; a plain field that is unset is its
// default, a list or map without elements `{}`. Of a list of messages there is an array for each of
// their fields, side by side. So columns know exactly what filters ask for.
//
// Immutable, hence thread-safe.
class EntityColumns {
 public:
  // Fields in `left_out`, and what is below them, have no columns.
  explicit EntityColumns(const filter::Schema& schema, const std::set<std::string>& left_out = {});

  const std::vector<EntityColumn>& columns() const { return columns_; }

  // Adds the values of one entity to its row.
  void AddTo(const google::protobuf::Message& entity, pg::RowArray& row) const;

  // How many those are.
  int size() const { return static_cast<int>(columns_.size()); }

  // Stores the rows of an array of `row_type`, a type with the columns `leading` and then those of
  // AddTo(). The first two of `leading` are the key. The array is the parameter of that number.
  std::string InsertSql(absl::string_view table, absl::string_view row_type,
                        const std::vector<std::string>& leading, int parameter = 1) const;
  // As above; a row whose key is known replaces it, but for the columns that become what `changes`
  // says, an expression of the row (named as the table) and of EXCLUDED.
  std::string UpsertSql(absl::string_view table, absl::string_view row_type,
                        const std::vector<std::string>& leading,
                        const std::map<std::string, std::string>& changes = {}) const;

 private:
  // A message on the way to values; its parent stands before it. Asking a message for its
  // reflection costs as much as reading a field by it, so that is done once.
  struct Holder {
    size_t parent = 0;
    const google::protobuf::FieldDescriptor* field = nullptr;  // of the parent; null: the entity
    const google::protobuf::Reflection* reflection = nullptr;
  };

  // Where the value of a column is found.
  struct Source {
    size_t holder = 0;
    const google::protobuf::FieldDescriptor* field = nullptr;    // of the holder
    const google::protobuf::FieldDescriptor* element = nullptr;  // of the messages of a list
    const google::protobuf::Reflection* element_reflection = nullptr;
    pg::ColumnType type = pg::ColumnType::kText;
  };

  size_t FindHolder(absl::Span<const google::protobuf::FieldDescriptor* const> fields);
  void AddSource(const EntityColumn& column);
  void AddValue(const google::protobuf::Message& holder, const Source& source,
                pg::RowArray& row) const;
  void AddList(const google::protobuf::Message& holder, const Source& source,
               pg::RowArray& row) const;

  std::vector<EntityColumn> columns_;
  std::vector<Source> sources_;  // side by side with the columns
  std::vector<Holder> holders_;
};

// All but what a filter may not name.
const EntityColumns& ContactColumns();
const EntityColumns& OrganizationColumns();
// Without the contact, which has its own.
const EntityColumns& ActivityColumns();

}  // namespace crier::ingest::storage

#endif  // CRIER_SERVICES_INGEST_STORAGE_ENTITY_COLUMNS_H_
