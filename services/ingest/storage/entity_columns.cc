#include "services/ingest/storage/entity_columns.h"

#include <algorithm>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/time.h"
#include "common/entity/filter_schemas.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::ingest::storage {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;
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
             const Descriptor& message, const std::string& prefix, const EntityColumn& above,
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
      Collect(schema, left_out, *field.message_type(), absl::StrCat(path, "."), column, columns);
    } else {
      const bool many = field.is_repeated() || above.is_array();
      column.type = absl::StrCat(ElementType(field), many ? "[]" : "");
      columns.push_back(std::move(column));
    }
  }
}

pg::ColumnType TypeOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_ENUM:
      return pg::ColumnType::kBigint;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return pg::ColumnType::kDouble;
    case FieldDescriptor::CPPTYPE_BOOL:
      return pg::ColumnType::kBoolean;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return pg::ColumnType::kTimestamptz;
    default:
      return pg::ColumnType::kText;
  }
}

const Reflection& ReflectionOf(const Descriptor& message) {
  return *MessageFactory::generated_factory()->GetPrototype(&message)->GetReflection();
}

int64_t IntegerOf(const Reflection& reflection, const Message& message,
                  const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnumValue(message, &field);
    default:
      return reflection.GetInt64(message, &field);
  }
}

// An unset time is NULL.
void AddTime(const Reflection& reflection, const Message& message, const FieldDescriptor& field,
             pg::RowArray& row) {
  if (!reflection.HasField(message, &field)) return row.AddNull(pg::ColumnType::kTimestamptz);
  row.Add(api::FromProto(static_cast<const Timestamp&>(reflection.GetMessage(message, &field))));
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
  holders_.push_back({0, nullptr, &ReflectionOf(*schema.message)});
  for (const EntityColumn& column : columns_) AddSource(column);
}

// The place of the message that these fields lead to, from the entity.
size_t EntityColumns::FindHolder(absl::Span<const FieldDescriptor* const> fields) {
  if (fields.empty()) return 0;
  const size_t parent = FindHolder(fields.first(fields.size() - 1));
  for (size_t i = 1; i < holders_.size(); ++i) {
    if (holders_[i].parent == parent && holders_[i].field == fields.back()) return i;
  }
  holders_.push_back({parent, fields.back(), &ReflectionOf(*fields.back()->message_type())});
  return holders_.size() - 1;
}

// Lists stand at the top of an entity: a field of values, of entries, or of messages without lists.
void EntityColumns::AddSource(const EntityColumn& column) {
  const FieldDescriptor& top = *column.fields.front();
  const FieldDescriptor& last = *column.fields.back();
  if (!column.is_array()) {
    sources_.push_back({FindHolder(absl::MakeSpan(column.fields).first(column.fields.size() - 1)),
                        &last, nullptr, nullptr, TypeOf(last)});
    return;
  }
  const FieldDescriptor* const element =
      column.part == Part::kMapKeys     ? top.message_type()->map_key()
      : column.part == Part::kMapValues ? top.message_type()->map_value()
      : &last == &top                   ? nullptr
                                        : &last;
  const bool numbers = element != nullptr && TypeOf(*element) == pg::ColumnType::kBigint;
  sources_.push_back({0, &top, element,
                      element == nullptr ? nullptr : &ReflectionOf(*top.message_type()),
                      numbers ? pg::ColumnType::kBigints : pg::ColumnType::kTexts});
}

void EntityColumns::AddValue(const Message& holder, const Source& source, pg::RowArray& row) const {
  const Reflection& reflection = *holders_[source.holder].reflection;
  std::string unused;
  switch (source.type) {
    case pg::ColumnType::kBigint:
      return row.Add(IntegerOf(reflection, holder, *source.field));
    case pg::ColumnType::kDouble:
      return row.Add(reflection.GetDouble(holder, source.field));
    case pg::ColumnType::kBoolean:
      return row.Add(reflection.GetBool(holder, source.field));
    case pg::ColumnType::kTimestamptz:
      return AddTime(reflection, holder, *source.field, row);
    default:
      return row.AddText(reflection.GetStringReference(holder, source.field, &unused));
  }
}

// Of the entries of a list, their values, or a field of each.
void EntityColumns::AddList(const Message& holder, const Source& source, pg::RowArray& row) const {
  const Reflection& reflection = *holders_[source.holder].reflection;
  const int size = reflection.FieldSize(holder, source.field);
  std::string unused;
  if (source.type == pg::ColumnType::kBigints) {
    row.BeginBigints(static_cast<size_t>(size));
  } else {
    row.BeginTexts(static_cast<size_t>(size));
  }
  for (int i = 0; i < size; ++i) {
    if (source.element == nullptr) {
      row.AddElement(reflection.GetRepeatedStringReference(holder, source.field, i, &unused));
      continue;
    }
    const Message& message = reflection.GetRepeatedMessage(holder, source.field, i);
    if (source.type == pg::ColumnType::kBigints) {
      row.AddElement(IntegerOf(*source.element_reflection, message, *source.element));
    } else {
      row.AddElement(
          source.element_reflection->GetStringReference(message, source.element, &unused));
    }
  }
}

void EntityColumns::AddTo(const Message& entity, pg::RowArray& row) const {
  // Null where the message is unset.
  absl::InlinedVector<const Message*, 16> messages = {&entity};
  for (size_t i = 1; i < holders_.size(); ++i) {
    const Holder& holder = holders_[i];
    const Message* const parent = messages[holder.parent];
    const Reflection& reflection = *holders_[holder.parent].reflection;
    const bool is_set = parent != nullptr && reflection.HasField(*parent, holder.field);
    messages.push_back(is_set ? &reflection.GetMessage(*parent, holder.field) : nullptr);
  }
  for (const Source& source : sources_) {
    const Message* const message = messages[source.holder];
    if (message == nullptr) {
      row.AddNull(source.type);
    } else if (source.field->is_repeated()) {
      AddList(*message, source, row);
    } else {
      AddValue(*message, source, row);
    }
  }
}

std::string EntityColumns::InsertSql(absl::string_view table, absl::string_view row_type,
                                     const std::vector<std::string>& leading, int parameter) const {
  std::vector<std::string> names = leading;
  for (const EntityColumn& column : columns_) names.push_back(column.name);
  const std::string all = absl::StrJoin(names, ", ");
  return absl::StrCat("INSERT INTO ", table, " (", all, ") SELECT ", all, " FROM unnest($",
                      parameter, "::", row_type, "[])");
}

std::string EntityColumns::UpsertSql(absl::string_view table, absl::string_view row_type,
                                     const std::vector<std::string>& leading,
                                     const std::map<std::string, std::string>& changes) const {
  std::vector<std::string> updates;
  const auto add = [&](const std::string& name) {
    const auto change = changes.find(name);
    updates.push_back(change == changes.end() ? absl::StrCat(name, " = EXCLUDED.", name)
                                              : absl::StrCat(name, " = ", change->second));
  };
  std::for_each(leading.begin() + 2, leading.end(), add);
  for (const EntityColumn& column : columns_) add(column.name);
  return absl::StrCat(InsertSql(table, row_type, leading), " ON CONFLICT (", leading[0], ", ",
                      leading[1], ") DO UPDATE SET ", absl::StrJoin(updates, ", "));
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
