#include "services/ingest/storage/random_entities.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/api/time.h"
#include "services/ingest/domain/entities/identity.h"

namespace crier::ingest::storage {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

int Below(std::mt19937& random, int end) {
  return static_cast<int>(random() % static_cast<uint32_t>(end));
}

bool Chance(std::mt19937& random, int percent) { return Below(random, 100) < percent; }

std::string RandomText(std::mt19937& random) {
  static const auto* const texts = new std::vector<std::string>{
      "",    "a",     "A",     "ab",   "aB",     "AB",   "abc",  "b",     "Zoë",     "zoë",
      "ZOË", "ß",     "100%",  "100x", "a_b",    "axb",  "a\\b", "a*b",   "*",       "%",
      "_",   "\\",    "\"q\"", "it's", "😀",      "a😀b",  "\x7f", " lead", "tail ",   "NULL",
      "{}",  "{a,b}", "$1",    "a.b",  "now-7d", "true", "0",    "Ünder", "e\u0301", "é"};
  return (*texts)[static_cast<size_t>(Below(random, static_cast<int>(texts->size())))];
}

std::string RandomEmail(std::mt19937& random, int number) {
  static const char* const kNames[] = {"marion", "Marion", "m.s", "a_b", "a%b", "zoë"};
  static const char* const kHosts[] = {"example.com", "Example.com", "home.example"};
  return absl::StrCat(kNames[Below(random, 6)], number, "@", kHosts[Below(random, 3)]);
}

absl::Time RandomTime(std::mt19937& random, absl::Time now) {
  static const int64_t kMicros[] = {0, 1, -1, 1'000'000, 60'000'000, 3'600'000'000};
  switch (Below(random, 8)) {
    case 0:
      return absl::FromUnixSeconds(0);
    case 1:
      return absl::FromUnixMicros(-1);
    case 2:
      return absl::FromCivil(absl::CivilYear(1), absl::UTCTimeZone());
    case 3:
      return absl::FromCivil(absl::CivilSecond(9999, 12, 31, 23, 59, 59), absl::UTCTimeZone()) +
             absl::Microseconds(999'999);
    default:
      return now - absl::Hours(24 * Below(random, 4)) +
             absl::Microseconds(kMicros[Below(random, 6)]);
  }
}

int64_t RandomInteger(std::mt19937& random) {
  static const int64_t kIntegers[] = {0, 1, 2, 7, 42, 4'611'686'018'427'387'904};
  return kIntegers[Below(random, 6)];
}

double RandomDouble(std::mt19937& random) {
  static const double kDoubles[] = {0,   1,    -1,    0.1,      0.30000000000000004,
                                    0.3, 80.5, 1e308, -2.5e-300};
  return kDoubles[Below(random, 9)];
}

void Fill(std::mt19937& random, absl::Time now, Message& message);

void FillField(std::mt19937& random, absl::Time now, const FieldDescriptor& field,
               Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return many ? reflection.AddString(&message, &field, RandomText(random))
                  : reflection.SetString(&message, &field, RandomText(random));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, RandomInteger(random));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, &field, RandomDouble(random));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, Chance(random, 50));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnumValue(&message, &field, Below(random, 3));
    default:
      break;
  }
  Message* const inner =
      many ? reflection.AddMessage(&message, &field) : reflection.MutableMessage(&message, &field);
  if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(inner)) {
    *time = api::ToProto(RandomTime(random, now));
  } else {
    Fill(random, now, *inner);
  }
}

void Fill(std::mt19937& random, absl::Time now, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.name() == "name" && type.full_name() != entity::v1::Tag::descriptor()->full_name() &&
        type.full_name() != entity::v1::Segment::descriptor()->full_name()) {
      continue;
    }
    if (field.message_type() == entity::v1::Contact::descriptor() || field.is_map()) continue;
    const int times = field.is_repeated() ? Below(random, 3) : Chance(random, 60) ? 1 : 0;
    for (int n = 0; n < times; ++n) FillField(random, now, field, message);
  }
}

// In a filter, as a text is written.
std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string RandomPattern(std::mt19937& random, int entities) {
  std::string text =
      Chance(random, 25) ? RandomEmail(random, Below(random, entities)) : RandomText(random);
  if (Chance(random, 20)) text = text.substr(0, text.find_first_of("@0123456789"));
  std::string written = absl::StrReplaceAll(Quoted(text), {{"*", "\\*"}});
  if (Chance(random, 20)) written.insert(1, "*");
  if (Chance(random, 20)) written.insert(written.size() - 1, "*");
  return written;
}

std::string RandomMoment(std::mt19937& random, absl::Time now) {
  static const char* const kRelative[] = {"\"now\"",    "\"now-1d\"", "\"now-2d\"",
                                          "\"now+1m\"", "\"now-1w\"", "\"now-521785w\""};
  if (Chance(random, 40)) return kRelative[Below(random, 6)];
  absl::Time time = RandomTime(random, now);
  if (Chance(random, 30)) time += absl::Nanoseconds(Below(random, 2000) - 1000);
  if (absl::ToCivilYear(time, absl::UTCTimeZone()).year() < 1) time = now;
  return absl::StrCat("\"", absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone()),
                      "\"");
}

struct Field {
  const FieldDescriptor* last = nullptr;
  bool many = false;
};

Field FieldAt(const filter::Schema& schema, const std::string& path) {
  Field field;
  const Descriptor* message = schema.message;
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(path, '.'))) {
    field.last = message->FindFieldByName(name);
    field.many |= field.last->is_repeated();
    message = field.last->message_type();
  }
  return field;
}

std::string RandomOperator(std::mt19937& random, bool ordered) {
  static const char* const kOperators[] = {"=", "!=", ":", "<", "<=", ">", ">="};
  return absl::StrCat(" ", kOperators[Below(random, ordered ? 7 : 3)], " ");
}

std::string RandomRestriction(std::mt19937& random, const filter::Schema& schema, int entities,
                              absl::Time now) {
  const std::vector<std::string> paths = filter::AllPaths(schema);
  std::string path = paths[static_cast<size_t>(Below(random, static_cast<int>(paths.size())))];
  const Field field = FieldAt(schema, path);
  if (Chance(random, 15)) return absl::StrCat(path, ":*");
  if (field.last->is_map()) {
    path = absl::StrCat(path, ".", Quoted(RandomText(random)));
    if (Chance(random, 20)) return absl::StrCat(path, ":*");
    return absl::StrCat(path, RandomOperator(random, true), RandomPattern(random, entities));
  }
  const auto with = [&](bool ordered, const std::string& value) {
    return absl::StrCat(path, field.many ? ":" : RandomOperator(random, ordered), value);
  };
  switch (field.last->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return with(true, RandomPattern(random, entities));
    case FieldDescriptor::CPPTYPE_INT64:
      return with(true, absl::StrCat(RandomInteger(random)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return with(true, absl::StrFormat("%.17g", RandomDouble(random)));
    case FieldDescriptor::CPPTYPE_BOOL:
      return with(false, Chance(random, 50) ? "true" : "false");
    case FieldDescriptor::CPPTYPE_ENUM:
      return with(false, field.last->enum_type()->value(Below(random, 3))->name());
    default:
      break;
  }
  if (field.last->message_type() == google::protobuf::Timestamp::descriptor()) {
    return with(true, RandomMoment(random, now));
  }
  return absl::StrCat(path, ":*");
}

std::string RandomTree(std::mt19937& random, const filter::Schema& schema, int entities,
                       absl::Time now, int depth) {
  if (depth > 0 && Chance(random, 60)) {
    std::vector<std::string> parts;
    for (int n = 1 + Below(random, 3); n > 0; --n) {
      parts.push_back(RandomTree(random, schema, entities, now, depth - 1));
    }
    return absl::StrCat(Chance(random, 30) ? "NOT (" : "(",
                        absl::StrJoin(parts, Chance(random, 50) ? " AND " : " OR "), ")");
  }
  if (Chance(random, 5)) return RandomPattern(random, entities);
  return RandomRestriction(random, schema, entities, now);
}

}  // namespace

entity::v1::Contact RandomContact(std::mt19937& random, int number, absl::Time now) {
  entity::v1::Contact contact;
  Fill(random, now, contact);
  contact.set_name(absl::StrCat("communities/1/contacts/", number));
  contact.clear_all_emails();
  contact.clear_primary_email();
  std::set<std::string> known;
  for (int n = Below(random, 3); n > 0; --n) {
    const std::string email = RandomEmail(random, number);
    if (known.insert(CaseFold(email)).second) contact.add_all_emails(email);
  }
  if (contact.all_emails_size() > 0 && Chance(random, 80)) {
    contact.set_primary_email(contact.all_emails(0));
  }
  for (const Network& network : Networks()) {
    if (!(contact.*network.has_profile)()) continue;
    auto* const handle = (contact.*network.mutable_profile)()->mutable_handle();
    if (!handle->empty()) absl::StrAppend(handle, number);
  }
  for (auto& id : *contact.mutable_external_ids()) absl::StrAppend(id.mutable_id(), number);
  for (int n = Below(random, 3); n > 0; --n) {
    (*contact.mutable_custom_fields())[RandomText(random)] = RandomText(random);
  }
  return contact;
}

entity::v1::Organization RandomOrganization(std::mt19937& random, int number, absl::Time now) {
  entity::v1::Organization organization;
  Fill(random, now, organization);
  organization.set_name(absl::StrCat("communities/1/organizations/", number));
  organization.set_domain(absl::StrCat("marion", number, ".example.com"));
  return organization;
}

entity::v1::Activity RandomActivity(std::mt19937& random, int number, absl::Time now) {
  entity::v1::Activity activity;
  Fill(random, now, activity);
  activity.set_name(absl::StrCat("communities/1/activities/", number));
  absl::StrAppend(activity.mutable_external_id(), number);
  return activity;
}

std::string RandomFilter(std::mt19937& random, const filter::Schema& schema, int entities,
                         absl::Time now) {
  return RandomTree(random, schema, entities, now, 3);
}

}  // namespace crier::ingest::storage
