#include "services/ingest/domain/log/tailed_log.h"

#include <optional>
#include <utility>

namespace crier::ingest {

absl::StatusOr<LogRead> TailedEventLog::Read(int32_t log_partition, int64_t after_position,
                                             const ReadLimits& limits, absl::Time deadline) {
  std::optional<LogRead> recent = recent_.Read(log_partition, after_position, limits);
  if (recent && recent->head >= tail_.Head(log_partition)) return *std::move(recent);
  return stored_.Read(log_partition, after_position, limits, deadline);
}

absl::StatusOr<std::vector<LogHead>> TailedEventLog::Heads(absl::Time deadline) {
  return stored_.Heads(deadline);
}

// Also after a failure: a part may have been erased.
absl::Status TailedEraser::EraseContact(int64_t community, int64_t id, absl::Time now,
                                        absl::Time deadline) {
  absl::Status status = stored_.EraseContact(community, id, now, deadline);
  recent_.Clear();
  return status;
}

absl::StatusOr<CommunityDeletion> TailedEraser::BeginDeletion(int64_t community, absl::Time now,
                                                              absl::Time deadline) {
  return stored_.BeginDeletion(community, now, deadline);
}

absl::StatusOr<CommunityDeletion> TailedEraser::GetDeletion(int64_t community,
                                                            absl::Time deadline) {
  return stored_.GetDeletion(community, deadline);
}

absl::StatusOr<bool> TailedEraser::ContinueDeletions(absl::Time now, absl::Time deadline) {
  absl::StatusOr<bool> worked = stored_.ContinueDeletions(now, deadline);
  if (!worked.ok() || *worked) recent_.Clear();
  return worked;
}

}  // namespace crier::ingest
