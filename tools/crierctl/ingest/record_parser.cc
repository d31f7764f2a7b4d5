#include "tools/crierctl/ingest/record_parser.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"

namespace crier::crierctl {
namespace {

using ::crier::ingest::v1::BatchIngestItem;

// Protobuf begins with `INVALID_ARGUMENT:` and breaks lines; neither helps a reader.
std::string FirstLine(const std::string& message) {
  absl::string_view line = message;
  line = line.substr(0, line.find('\n'));
  absl::ConsumePrefix(&line, "INVALID_ARGUMENT:");
  return std::string(line);
}

// `(contact.lead_score): invalid value "high" for type TYPE_DOUBLE` as the servers would say it.
// Anything else comes back as it is.
std::string InWordsOfTheServers(const std::string& problem) {
  constexpr absl::string_view kValue = "): invalid value ";
  constexpr absl::string_view kType = " for type ";
  static constexpr std::pair<absl::string_view, absl::string_view> kKinds[] = {
      {"TYPE_STRING", "text in quotes"},
      {"TYPE_BOOL", "true or false"},
      {"TYPE_DOUBLE", "a number"},
      {"TYPE_INT64", "a whole number"},
      {"google.protobuf.Timestamp", "a time, such as \"2026-04-17T10:00:00Z\""}};
  const absl::string_view text = problem;
  const size_t value = text.find(kValue);
  const size_t type = text.rfind(kType);
  if (!absl::StartsWith(text, "(") || value == text.npos || type == text.npos || type < value) {
    return problem;
  }
  for (const auto& [name, kind] : kKinds) {
    if (absl::EndsWith(text, name)) {
      return absl::StrCat(text.substr(1, value - 1), " must be ", kind);
    }
  }
  return problem;
}

template <typename Request>
absl::Status ParseInto(RecordKind kind, const std::string& parent, const std::string& json,
                       Request& request) {
  const auto status = google::protobuf::util::JsonStringToMessage(json, &request);
  if (!status.ok()) {
    const std::string problem = FirstLine(std::string(status.message()));
    if (absl::StrContains(problem, "Cannot find field")) {
      return absl::InvalidArgumentError(
          absl::StrCat(problem, " A record looks like ", RecordShape(kind)));
    }
    return absl::InvalidArgumentError(InWordsOfTheServers(problem));
  }
  if (request.parent().empty()) request.set_parent(parent);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BatchIngestItem> ParseRecord(RecordKind kind, const std::string& parent,
                                            const std::string& json) {
  BatchIngestItem item;
  absl::Status status;
  switch (kind) {
    case RecordKind::kContact:
      status = ParseInto(kind, parent, json, *item.mutable_contact());
      break;
    case RecordKind::kOrganization:
      status = ParseInto(kind, parent, json, *item.mutable_organization());
      break;
    case RecordKind::kActivity:
      status = ParseInto(kind, parent, json, *item.mutable_activity());
      break;
  }
  if (!status.ok()) return status;
  return item;
}

const char* RecordShape(RecordKind kind) {
  switch (kind) {
    case RecordKind::kContact:
      return R"({"contact": {"fullName": …, "primaryEmail": …}, "sightings": [{"source": …}]})";
    case RecordKind::kOrganization:
      return R"({"organization": {"displayName": …, "domain": …}})";
    case RecordKind::kActivity:
      return R"({"activity": {"contact": {…}, "activityType": …, "serviceName": …, )"
             R"("externalId": …, "occurTime": …}})";
  }
  return "";
}

}  // namespace crier::crierctl
