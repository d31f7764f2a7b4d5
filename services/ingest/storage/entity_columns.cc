#include "services/ingest/storage/entity_columns.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/api/time.h"
#include "common/entity/filter_schemas.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::ingest::storage {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using Part = EntityColumn::Part;

bool IsTime(const FieldDescriptor& field) {
  return field.message_type() == Timestamp::descriptor();
}

// In SQL, of one value of the field.
std::string ElementType(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_ENUM:
      return "bigint";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "double precision";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "timestamptz";
    default:
      return "text";
  }
}

// Adds the columns of everything below a message.
void Collect(const filter::Schema& schema, const std::set<std::string>& left_out,
             const Descriptor& message, const std::string& prefix, EntityColumn above,
             std::vector<EntityColumn>& columns) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string path = absl::StrCat(prefix, field.name());
    if (schema.hidden.count(path) > 0 || left_out.count(path) > 0) continue;
    EntityColumn column = above;
    column.fields.push_back(&field);
    column.name = ColumnName(column.fields);
    if (field.is_map()) {
      const std::string name = column.name;
      column.type = "text[]";
      column.part = Part::kMapKeys;
      column.name = absl::StrCat(name, "_keys");
      columns.push_back(column);
      column.part = Part::kMapValues;
      column.name = absl::StrCat(name, "_values");
      columns.push_back(std::move(column));
    } else if (field.message_type() != nullptr && !IsTime(field)) {
      if (field.is_repeated()) column.type = "[]";
      Collect(schema, left_out, *field.message_type(), absl::StrCat(path, "."), std::move(column),
              columns);
    } else {
      const bool many = field.is_repeated() || above.is_array();
      column.type = absl::StrCat(ElementType(field), many ? "[]" : "");
      columns.push_back(std::move(column));
    }
  }
}

std::string SingleText(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat(reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrFormat("%.17g", reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "t" : "f";
    default:
      return reflection.GetString(message, &field);
  }
}

// The message that holds the column's last field; null when one on the way is unset.
const Message* HolderOf(const Message& entity, const EntityColumn& column) {
  const Message* holder = &entity;
  for (size_t i = 0; i + 1 < column.fields.size(); ++i) {
    const auto& reflection = *holder->GetReflection();
    if (!reflection.HasField(*holder, column.fields[i])) return nullptr;
    holder = &reflection.GetMessage(*holder, column.fields[i]);
  }
  return holder;
}

std::optional<absl::Time> TimeOf(const Message& entity, const EntityColumn& column) {
  const Message* const holder = HolderOf(entity, column);
  const FieldDescriptor* const field = column.fields.back();
  if (holder == nullptr || !holder->GetReflection()->HasField(*holder, field)) return std::nullopt;
  return api::FromProto(
      static_cast<const Timestamp&>(holder->GetReflection()->GetMessage(*holder, field)));
}

std::optional<std::string> TextOf(const Message& entity, const EntityColumn& column) {
  const Message* const holder = HolderOf(entity, column);
  if (holder == nullptr) return std::nullopt;
  return SingleText(*holder, *column.fields.back());
}

// Lists stand at the top of an entity: a field of values, of entries, or of messages without lists.
std::vector<std::string> ListOf(const Message& entity, const EntityColumn& column) {
  const auto& reflection = *entity.GetReflection();
  const FieldDescriptor& list = *column.fields.front();
  std::vector<std::string> texts;
  const int size = reflection.FieldSize(entity, &list);
  texts.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    if (list.message_type() == nullptr) {
      texts.push_back(reflection.GetRepeatedString(entity, &list, i));
      continue;
    }
    const FieldDescriptor& field = column.part == Part::kMapKeys ? *list.message_type()->map_key()
                                   : column.part == Part::kMapValues
                                       ? *list.message_type()->map_value()
                                       : *column.fields.back();
    texts.push_back(SingleText(reflection.GetRepeatedMessage(entity, &list, i), field));
  }
  return texts;
}

}  // namespace

bool EntityColumn::is_array() const { return absl::EndsWith(type, "[]"); }

std::string ColumnName(absl::Span<const FieldDescriptor* const> fields) {
  return absl::StrJoin(fields, "_", [](std::string* out, const FieldDescriptor* field) {
    absl::StrAppend(out, field->name());
  });
}

EntityColumns::EntityColumns(const filter::Schema& schema, const std::set<std::string>& left_out) {
  Collect(schema, left_out, *schema.message, "", {}, columns_);
}

void EntityColumns::AddTo(const std::vector<const Message*>& entities, pg::Params& params) const {
  for (const EntityColumn& column : columns_) {
    if (column.is_array()) {
      std::vector<std::vector<std::string>> lists;
      for (const Message* entity : entities) lists.push_back(ListOf(*entity, column));
      params.AddArrays(lists);
    } else if (column.type == "timestamptz") {
      std::vector<std::optional<absl::Time>> times;
      for (const Message* entity : entities) times.push_back(TimeOf(*entity, column));
      params.AddArray(times);
    } else {
      std::vector<std::optional<std::string>> texts;
      for (const Message* entity : entities) texts.push_back(TextOf(*entity, column));
      params.AddArray(texts);
    }
  }
}

std::string EntityColumns::UpsertSql(
    absl::string_view table,
    const std::vector<std::pair<std::string, std::string>>& leading) const {
  std::vector<std::string> names, arrays, values, updates;
  const auto add = [&](const std::string& name, absl::string_view array_of, std::string value) {
    names.push_back(name);
    arrays.push_back(absl::StrCat("$", names.size(), "::", array_of, "[]"));
    values.push_back(std::move(value));
    if (names.size() > 2) updates.push_back(absl::StrCat(name, " = EXCLUDED.", name));
  };
  for (const auto& [name, type] : leading) add(name, type, name);
  for (const EntityColumn& column : columns_) {
    // Arrays of arrays are rectangular in Postgres; so a row's array comes as a text.
    if (column.is_array()) {
      add(column.name, "text", absl::StrCat(column.name, "::", column.type));
    } else {
      add(column.name, column.type, column.name);
    }
  }
  const std::string all = absl::StrJoin(names, ", ");
  return absl::StrCat("INSERT INTO ", table, " (", all, ") SELECT ", absl::StrJoin(values, ", "),
                      " FROM unnest(", absl::StrJoin(arrays, ", "), ") AS rows (", all,
                      ") ON CONFLICT (", names[0], ", ", names[1], ") DO UPDATE SET ",
                      absl::StrJoin(updates, ", "));
}

const EntityColumns& ContactColumns() {
  static const auto* const columns = new EntityColumns(entity::ContactFilterSchema());
  return *columns;
}

const EntityColumns& OrganizationColumns() {
  static const auto* const columns = new EntityColumns(entity::OrganizationFilterSchema());
  return *columns;
}

const EntityColumns& ActivityColumns() {
  static const auto* const columns = new EntityColumns(entity::ActivityFilterSchema(), {"contact"});
  return *columns;
}

}  // namespace crier::ingest::storage
