#include "services/ingest/domain/entities/masked_update.h"

#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/ingest/domain/entities/identity.h"
#include "services/ingest/domain/entities/merge.h"

namespace crier::ingest {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Organization;
using google::protobuf::util::FieldMaskUtil;
using google::protobuf::util::MessageDifferencer;

template <typename Entity>
void CopyFields(const Entity& record, const std::set<std::string>& mask, Entity& known) {
  google::protobuf::FieldMask paths;
  for (const std::string& field : mask) paths.add_paths(field);
  FieldMaskUtil::MergeOptions replace;
  replace.set_replace_message_fields(true);
  replace.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(record, paths, replace, &known);
}

template <typename Entity>
bool Replace(const Entity& record, const std::set<std::string>& mask, Entity& known) {
  const Entity before = known;
  CopyFields(record, mask, known);
  return !MessageDifferencer::Equals(before, known);
}

void AddIdentifiers(const Contact& record, const std::set<std::string>& mask, Contact& known) {
  Contact identifiers;
  if (mask.count("all_emails") == 0) *identifiers.mutable_all_emails() = record.all_emails();
  if (mask.count("external_ids") == 0) *identifiers.mutable_external_ids() = record.external_ids();
  for (const Network& network : Networks()) {
    const std::string& handle = (record.*network.profile)().handle();
    const bool has_handle = !(known.*network.profile)().handle().empty();
    if (handle.empty() || has_handle || mask.count(std::string(network.field)) != 0) continue;
    (identifiers.*network.mutable_profile)()->set_handle(handle);
  }
  AddToContact(identifiers, known);
}

}  // namespace

const std::vector<std::string>& MaskableContactFields() {
  static const auto* const fields = new std::vector<std::string>{
      "full_name",    "title",     "role",       "avatar_url",     "primary_email", "all_emails",
      "organization", "linked_in", "twitter",    "github",         "discord",       "youtube",
      "segments",     "tags",      "lead_score", "is_team_member", "custom_fields", "external_ids"};
  return *fields;
}

const std::vector<std::string>& MaskableOrganizationFields() {
  static const auto* const fields =
      new std::vector<std::string>{"display_name", "location", "logo_url"};
  return *fields;
}

const std::vector<std::string>& MaskableActivityFields() {
  static const auto* const fields = new std::vector<std::string>{
      "provider_id", "title", "content", "external_activity_url", "occur_time", "categories",
      "sentiment",   "tags",  "topics"};
  return *fields;
}

bool ReplaceInContact(const Contact& record, const std::set<std::string>& mask, Contact& known) {
  const Contact before = known;
  if (mask.count("title") != 0) KeepFormerTitle(record.title(), known);
  if (mask.count("organization") != 0) KeepFormerOrganization(record.organization(), known);
  CopyFields(record, mask, known);
  AddIdentifiers(record, mask, known);
  return !MessageDifferencer::Equals(before, known);
}

bool ReplaceInOrganization(const Organization& record, const std::set<std::string>& mask,
                           Organization& known) {
  return Replace(record, mask, known);
}

bool ReplaceInActivity(const Activity& record, const std::set<std::string>& mask, Activity& known) {
  return Replace(record, mask, known);
}

}  // namespace crier::ingest
