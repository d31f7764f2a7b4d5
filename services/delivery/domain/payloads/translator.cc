#include "services/delivery/domain/payloads/translator.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/api/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::delivery::v202304 {
namespace {

using entity::v1::Activity;
using entity::v1::Contact;
using entity::v1::Location;
using entity::v1::Organization;
using entity::v1::OrganizationSummary;
using entity::v1::SocialProfile;

constexpr char kVersion[] = "202304";

// What every payload begins with.
void WriteTypeAndVersion(absl::string_view type, JsonWriter& json) {
  json.String("type", type);
  json.String("version", kVersion);
}

// UTC with exactly three fraction digits; what is finer is cut off.
void WriteTime(absl::string_view key, bool has, const google::protobuf::Timestamp& time,
               JsonWriter& json) {
  if (!has) return;
  json.String(
      key, absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ", api::FromProto(time), absl::UTCTimeZone()));
}

void WriteLocation(const Location& location, JsonWriter& json) {
  json.BeginObject("location");
  json.String("city", location.city());
  json.String("region", location.region());
  json.String("country", location.country());
  json.EndObject();
}

void WriteOrganizationSummary(const OrganizationSummary& organization, JsonWriter& json) {
  json.BeginObject("organization");
  json.String("name", organization.display_name());
  json.String("domain", organization.domain());
  WriteLocation(organization.location(), json);
  json.EndObject();
}

// A contact's segments or tags: `[{"id":…,"name":"…"}]`.
template <typename Labels>
void WriteLabels(absl::string_view key, const Labels& labels, JsonWriter& json) {
  if (labels.empty()) return;
  json.BeginArray(key);
  for (const auto& label : labels) {
    json.BeginObject();
    json.Number("id", label.id());
    json.String("name", label.name());
    json.EndObject();
  }
  json.EndArray();
}

// The URL that the caller gave wins; otherwise it is `prefix` and `id`, if there is an id.
void WriteProfileUrl(absl::string_view key, const SocialProfile& profile, absl::string_view prefix,
                     absl::string_view id, JsonWriter& json) {
  if (!profile.url().empty()) {
    json.String(key, profile.url());
  } else if (!id.empty()) {
    json.String(key, absl::StrCat(prefix, id));
  }
}

// The network's own id of the account, or the handle where that is all there is.
const std::string& IdOrHandle(const SocialProfile& profile) {
  return profile.user_id().empty() ? profile.handle() : profile.user_id();
}

// LinkedIn handles have the form `in/<slug>`; a bare slug gets it here.
std::string LinkedInHandle(const SocialProfile& profile) {
  const std::string& handle = profile.handle();
  if (handle.empty() || absl::StrContains(handle, '/')) return handle;
  return absl::StrCat("in/", handle);
}

void WriteProfiles(const Contact& contact, JsonWriter& json) {
  const std::string linked_in = LinkedInHandle(contact.linked_in());
  json.String("linkedIn", linked_in);
  json.String("twitter", contact.twitter().handle());
  json.String("github", contact.github().handle());
  json.String("discord", contact.discord().handle());
  json.String("youtube", contact.youtube().handle());

  WriteProfileUrl("linkedInUrl", contact.linked_in(), "https://linkedin.com/", linked_in, json);
  WriteProfileUrl("twitterUrl", contact.twitter(), "https://twitter.com/i/user/",
                  contact.twitter().user_id(), json);
  WriteProfileUrl("githubUrl", contact.github(), "https://github.com/", contact.github().handle(),
                  json);
  WriteProfileUrl("discordUrl", contact.discord(), "https://discord.com/users/",
                  IdOrHandle(contact.discord()), json);
  WriteProfileUrl("youtubeUrl", contact.youtube(), "https://www.youtube.com/channel/",
                  IdOrHandle(contact.youtube()), json);
}

// The contact inside of an activity: a part of the contact payload, in an order of its own.
void WriteActor(absl::string_view key, const Contact& contact, JsonWriter& json) {
  json.BeginObject(key);
  json.String("primaryEmail", contact.primary_email());
  WriteOrganizationSummary(contact.organization(), json);
  json.String("fullName", contact.full_name());
  json.Strings("allEmails", contact.all_emails());
  WriteProfiles(contact, json);
  json.EndObject();
}

// `<base>/community/<id>/activity/` and the base64 of `{"providerId":…,"token":"…"}`; empty when
// the provider is unknown.
std::string ActivityUrl(const Activity& activity, const ActivityContext& context) {
  if (activity.provider_id() == 0) return "";
  JsonWriter key;
  key.BeginObject();
  key.Number("providerId", activity.provider_id());
  key.String("token", activity.external_id());
  key.EndObject();
  return absl::StrCat(context.app_base_url, "/community/", context.community, "/activity/",
                      absl::Base64Escape(key.text()));
}

absl::string_view SentimentText(Activity::Sentiment sentiment) {
  switch (sentiment) {
    case Activity::POSITIVE:
      return "Positive";
    case Activity::NEGATIVE:
      return "Negative";
    default:  // not judged, or judged by a newer release
      return "";
  }
}

}  // namespace

void WriteContact(const Contact& contact, JsonWriter& json) {
  json.BeginObject();
  WriteTypeAndVersion("contact", json);
  json.String("avatarUrl", contact.avatar_url());
  WriteLabels("segments", contact.segments(), json);
  WriteLabels("tags", contact.tags(), json);
  json.String("title", contact.title());
  json.String("role", contact.role());
  WriteTime("firstSeenDate", contact.has_first_seen_time(), contact.first_seen_time(), json);
  json.String("firstSeenSignal", contact.first_seen_signal());
  WriteTime("lastSeenDate", contact.has_last_seen_time(), contact.last_seen_time(), json);
  json.String("lastSeenSource", contact.last_seen_source());
  json.String("fullName", contact.full_name());
  json.String("primaryEmail", contact.primary_email());
  WriteOrganizationSummary(contact.organization(), json);
  json.Strings("allEmails", contact.all_emails());
  WriteProfiles(contact, json);
  json.EndObject();
}

void WriteOrganization(const Organization& organization, JsonWriter& json) {
  json.BeginObject();
  WriteTypeAndVersion("organization", json);
  json.String("name", organization.display_name());
  json.String("domain", organization.domain());
  WriteLocation(organization.location(), json);
  json.String("logoUrl", organization.logo_url());
  json.EndObject();
}

void WriteActivity(const Activity& activity, const ActivityContext& context, JsonWriter& json) {
  json.BeginObject();
  WriteTypeAndVersion("activity", json);
  WriteActor("contact", activity.contact(), json);
  if (context.member_alias) WriteActor("member", activity.contact(), json);
  json.String("activityType", activity.activity_type());
  json.String("serviceName", activity.service_name());
  json.String("title", activity.title());
  json.String("content", activity.content());
  json.String("commonRoomActivityUrl", ActivityUrl(activity, context));
  json.String("externalActivityUrl", activity.external_activity_url());
  WriteTime("timestamp", activity.has_occur_time(), activity.occur_time(), json);
  json.Strings("categories", activity.categories());
  json.String("sentiment", SentimentText(activity.sentiment()));
  json.Strings("tags", activity.tags());
  json.Strings("topics", activity.topics());
  json.EndObject();
}

}  // namespace crier::delivery::v202304
