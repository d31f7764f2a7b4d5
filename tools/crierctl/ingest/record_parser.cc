#include "tools/crierctl/ingest/record_parser.h"

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
    return absl::InvalidArgumentError(problem);
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
