#include "services/evaluator/domain/management/confirmation.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/api/paging.h"
#include "common/api/resource_name.h"
#include "common/status/errors.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {
namespace {

struct Preview {
  absl::Time time;
  int64_t count = 0;
};

// What a token must have been made for. Page tokens have what is wanted: opaque, and bound to this.
std::string Subject(int64_t community, absl::string_view filter) {
  return absl::StrCat("members of ", api::CommunityName(community), " by ", filter);
}

bool Parse(const std::string& key, Preview& preview) {
  const std::vector<std::string> parts = absl::StrSplit(key, ' ');
  int64_t seconds = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &seconds) ||
      !absl::SimpleAtoi(parts[1], &preview.count)) {
    return false;
  }
  preview.time = absl::FromUnixSeconds(seconds);
  return true;
}

}  // namespace

std::string MakeConfirmationToken(int64_t community, absl::string_view filter, int64_t count,
                                  absl::Time now) {
  return api::MakePageToken(Subject(community, filter),
                            absl::StrCat(absl::ToUnixSeconds(now), " ", count));
}

absl::Status CheckConfirmation(absl::string_view token, int64_t community, absl::string_view filter,
                               int64_t count, int64_t limit, absl::Time now) {
  if (count <= limit) return absl::OkStatus();
  if (token.empty()) return ConfirmationRequiredError(count, limit);
  const absl::StatusOr<std::string> key = api::ParsePageToken(Subject(community, filter), token);
  Preview preview;
  if (!key.ok() || !Parse(*key, preview)) {
    return InvalidField("confirmation_token",
                        "must be the token of a preview of this workflow's criteria as they are "
                        "now; preview it again");
  }
  const absl::Duration age = now - preview.time;
  // A replica whose clock is behind the other's sees a token from the future.
  const bool recent = age <= kConfirmationValidity && age >= -kConfirmationValidity;
  if (!recent || preview.count < count - limit) return ConfirmationRequiredError(count, limit);
  return absl::OkStatus();
}

}  // namespace crier::evaluator
