#include "services/ingest/storage/entity_source.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "crier/entity/v1/activity.pb.h"
#include "services/ingest/storage/entity_columns.h"

namespace crier::ingest::storage {
namespace {

using google::protobuf::FieldDescriptor;
using Fields = absl::Span<const FieldDescriptor* const>;

std::string InContacts(Fields fields) { return absl::StrCat("c.", ColumnName(fields)); }
std::string InOrganizations(Fields fields) { return absl::StrCat("o.", ColumnName(fields)); }

bool IsContact(const FieldDescriptor& field) {
  return field.containing_type() == entity::v1::Activity::descriptor() && field.name() == "contact";
}

std::string InActivities(Fields fields) {
  if (IsContact(*fields.front())) return InContacts(fields.subspan(1));
  return absl::StrCat("a.", ColumnName(fields));
}

std::string InSegments(Fields fields) {
  return fields.back()->name() == "id" ? "s.segment_id" : "s.name COLLATE \"C\"";
}
std::string InTags(Fields fields) {
  return fields.back()->name() == "id" ? "t.tag_id" : "t.name COLLATE \"C\"";
}

}  // namespace

const EntitySource& SourceOf(EntityKind kind) {
  static const auto* const contacts = new EntitySource{
      "contacts c", "c.community_id", "c.contact_id", "c.contact", "octet_length(c.contact)",
      "",           InContacts};
  static const auto* const organizations = new EntitySource{"organizations o",
                                                            "o.community_id",
                                                            "o.organization_id",
                                                            "o.organization",
                                                            "octet_length(o.organization)",
                                                            "",
                                                            InOrganizations};
  // An activity may still name a contact that is part of another one by now.
  static const auto* const activities = new EntitySource{
      "activities a",
      "a.community_id",
      "a.activity_id",
      "a.activity, a.content, c.contact",
      "octet_length(a.activity) + octet_length(a.content) + octet_length(c.contact)",
      " LEFT JOIN contact_redirects r ON r.community_id = a.community_id"
      " AND r.contact_id = a.contact_id"
      " JOIN contacts c ON c.community_id = a.community_id"
      " AND c.contact_id = coalesce(r.winner_id, a.contact_id)",
      InActivities};
  static const auto* const segments = new EntitySource{
      "segments s", "s.community_id", "s.segment_id", "s.name", "octet_length(s.name)",
      "",           InSegments};
  static const auto* const tags = new EntitySource{
      "tags t", "t.community_id", "t.tag_id", "t.name", "octet_length(t.name)", "", InTags};
  switch (kind) {
    case EntityKind::kContact:
      return *contacts;
    case EntityKind::kOrganization:
      return *organizations;
    case EntityKind::kActivity:
      return *activities;
    case EntityKind::kSegment:
      return *segments;
    case EntityKind::kTag:
      return *tags;
  }
  return *contacts;
}

bool NeedsContact(const filter::Condition& condition) {
  if (condition.kind == filter::Condition::Kind::kCompare) {
    return IsContact(*condition.path.fields.front());
  }
  return std::any_of(condition.children.begin(), condition.children.end(), NeedsContact);
}

}  // namespace crier::ingest::storage
