#include "services/ingest/transport/entity_queries.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/api/validation.h"
#include "common/crypto/crypto.h"
#include "common/entity/filter_schemas.h"
#include "common/filter/order_by.h"
#include "common/status/errors.h"
#include "common/status/macros.h"

namespace crier::ingest::transport {
namespace {

constexpr int64_t kMaxPageBytes = 3 * 1024 * 1024;

// Where a page begins, as text: the time of evaluation, the id, and each value with its length, or
// `-` for one that is unset.
std::string EncodePosition(absl::Time evaluate_time, const ListPosition& position) {
  std::string text = absl::StrCat(absl::ToUnixMicros(evaluate_time), " ", position.id);
  for (const std::optional<std::string>& value : position.values) {
    if (value) {
      absl::StrAppend(&text, " ", value->size(), ":", *value);
    } else {
      absl::StrAppend(&text, " -");
    }
  }
  return text;
}

// Takes the digits up to `end`, which stays, or up to the end of the text.
bool ConsumeNumber(absl::string_view* text, char end, int64_t* number) {
  const size_t length = std::min(text->find(end), text->size());
  if (!absl::SimpleAtoi(text->substr(0, length), number)) return false;
  text->remove_prefix(length);
  return true;
}

bool ConsumeValue(absl::string_view* text, std::optional<std::string>* value) {
  int64_t length = 0;
  if (!absl::ConsumePrefix(text, " ")) return false;
  if (absl::ConsumePrefix(text, "-")) return true;
  if (!ConsumeNumber(text, ':', &length) || !absl::ConsumePrefix(text, ":") || length < 0 ||
      static_cast<size_t>(length) > text->size()) {
    return false;
  }
  *value = std::string(text->substr(0, static_cast<size_t>(length)));
  text->remove_prefix(static_cast<size_t>(length));
  return true;
}

bool DecodePosition(absl::string_view text, size_t values, absl::Time* evaluate_time,
                    ListPosition* position) {
  int64_t micros = 0;
  if (!ConsumeNumber(&text, ' ', &micros) || !absl::ConsumePrefix(&text, " ") ||
      !ConsumeNumber(&text, ' ', &position->id)) {
    return false;
  }
  *evaluate_time = absl::FromUnixMicros(micros);
  position->values.resize(values);
  for (std::optional<std::string>& value : position->values) {
    if (!ConsumeValue(&text, &value)) return false;
  }
  return text.empty() && api::FitsTimestamp(*evaluate_time);
}

// Names a listing with its arguments. These may be long, and tokens should not be.
std::string ScopeOf(const ListArguments& arguments, const EntitySelection& selection) {
  const std::string rest =
      absl::StrCat(arguments.filter.size(), ":", arguments.filter, arguments.order_by.size(), ":",
                   arguments.order_by, selection.contact);
  return absl::StrCat(
      api::CommunityListing(NamesOf(arguments.kind).collection, selection.community), " ",
      absl::WebSafeBase64Escape(crypto::HmacSha256("", rest).substr(0, 12)));
}

}  // namespace

EntityNames NamesOf(EntityKind kind) {
  switch (kind) {
    case EntityKind::kOrganization:
      return {api::kOrganizations, entity::OrganizationFilterSchema()};
    case EntityKind::kActivity:
      return {api::kActivities, entity::ActivityFilterSchema()};
    case EntityKind::kSegment:
      return {api::kSegments, entity::SegmentFilterSchema()};
    case EntityKind::kTag:
      return {api::kTags, entity::TagFilterSchema()};
    case EntityKind::kContact:
      break;
  }
  return {api::kContacts, entity::ContactFilterSchema()};
}

absl::StatusOr<EntitySelection> ParseSelection(EntityKind kind, const std::string& parent,
                                               const std::string& filter, absl::Time now) {
  EntitySelection selection;
  selection.kind = kind;
  ASSIGN_OR_RETURN(selection.community, api::ParseCommunity("parent", parent));
  ASSIGN_OR_RETURN(selection.filter, filter::Filter::Compile(filter, NamesOf(kind).schema));
  // Tokens keep microseconds.
  selection.evaluate_time = absl::FromUnixMicros(absl::ToUnixMicros(now));
  return selection;
}

absl::StatusOr<absl::Time> ParseEvaluateTime(bool is_set, const google::protobuf::Timestamp& time,
                                             absl::Time now) {
  if (!is_set) return now;
  FieldViolations violations;
  api::CheckTimestamp("evaluate_time", time, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  return api::FromProto(time);
}

absl::StatusOr<ListQuery> ParseList(const ListArguments& arguments, absl::Time now) {
  ListQuery query;
  ASSIGN_OR_RETURN(query.selection,
                   ParseSelection(arguments.kind, arguments.parent, arguments.filter, now));
  ASSIGN_OR_RETURN(query.options.limit, api::PageSize(arguments.page_size));
  ASSIGN_OR_RETURN(query.options.order,
                   filter::ParseOrderBy(arguments.order_by, NamesOf(arguments.kind).schema));
  if (!arguments.contact.empty()) {
    ASSIGN_OR_RETURN(const api::ResourceId contact,
                     api::ParseResource("contact", api::kContacts, arguments.contact));
    if (contact.community != query.selection.community) {
      return InvalidField("contact", "must be of the community that `parent` names");
    }
    query.selection.contact = contact.id;
  }
  query.options.max_bytes = kMaxPageBytes;
  query.scope = ScopeOf(arguments, query.selection);
  ASSIGN_OR_RETURN(const std::string key, api::ParsePageToken(query.scope, arguments.page_token));
  if (key.empty()) return query;
  if (!DecodePosition(key, query.options.order.size(), &query.selection.evaluate_time,
                      &query.options.after.emplace())) {
    return api::ForeignTokenError();
  }
  return query;
}

std::string NextPageToken(const ListQuery& query, const EntityRun& run) {
  if (!run.more) return "";
  const FoundEntity& last = run.entities.back();
  return api::MakePageToken(query.scope,
                            EncodePosition(query.selection.evaluate_time, {last.values, last.id}));
}

}  // namespace crier::ingest::transport
