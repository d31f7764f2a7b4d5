#include "common/entity/filter_schemas.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"

namespace crier::entity {
namespace {

using filter::Schema;

Schema Contacts() {
  Schema schema;
  schema.message = v1::Contact::descriptor();
  schema.searchable = {"full_name", "title", "organization.display_name", "all_emails"};
  schema.case_insensitive = {
      "full_name",
      "title",
      "role",
      "primary_email",
      "all_emails",
      "organization.",
      "previous_title",
      "previous_organization.",
      "linked_in.handle",
      "twitter.handle",
      "github.handle",
      "discord.handle",
      "youtube.handle",
      "segments.name",
      "tags.name",
      "first_seen_signal",
      "last_seen_source",
      "external_ids.source",
  };
  schema.hidden = {"name"};
  return schema;
}

Schema Organizations() {
  Schema schema;
  schema.message = v1::Organization::descriptor();
  schema.searchable = {"display_name", "domain"};
  schema.case_insensitive = {"display_name", "domain", "location."};
  schema.hidden = {"name"};
  return schema;
}

Schema Activities() {
  Schema schema;
  schema.message = v1::Activity::descriptor();
  schema.searchable = {"title", "content", "contact.full_name"};
  schema.case_insensitive = {"activity_type", "service_name", "title", "content",
                             "categories",    "tags",         "topics"};
  schema.hidden = {"name", "contact.name"};
  for (const std::string& path : ContactFilterSchema().case_insensitive) {
    schema.case_insensitive.push_back(absl::StrCat("contact.", path));
  }
  return schema;
}

template <typename Label>
Schema Labels() {
  Schema schema;
  schema.message = Label::descriptor();
  schema.searchable = {"name"};
  schema.case_insensitive = {"name"};
  return schema;
}

}  // namespace

const Schema& ContactFilterSchema() {
  static const auto* const schema = new Schema(Contacts());
  return *schema;
}

const Schema& OrganizationFilterSchema() {
  static const auto* const schema = new Schema(Organizations());
  return *schema;
}

const Schema& ActivityFilterSchema() {
  static const auto* const schema = new Schema(Activities());
  return *schema;
}

const Schema& SegmentFilterSchema() {
  static const auto* const schema = new Schema(Labels<v1::Segment>());
  return *schema;
}

const Schema& TagFilterSchema() {
  static const auto* const schema = new Schema(Labels<v1::Tag>());
  return *schema;
}

}  // namespace crier::entity
