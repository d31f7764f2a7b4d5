#include "services/ingest/log_follower.h"

#include <vector>

#include "absl/time/clock.h"
#include "services/ingest/domain/errors.h"
#include "services/ingest/storage/log_channel.h"

namespace crier::ingest {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(5);
constexpr absl::Duration kRetryAfter = absl::Seconds(1);
constexpr absl::Duration kLookTimeout = absl::Seconds(5);

}  // namespace

LogFollower::LogFollower(const pg::Database& database, EventLog& log, LogTail& tail)
    : log_(log),
      tail_(tail),
      look_([this] { return LookAtHeads(); }),
      listener_(database, storage::LogChannel(database.schema),
                {.on_notify =
                     [this](absl::string_view payload) {
                       for (const LogHead& head : storage::DecodeHeads(payload)) {
                         tail_.Advance(head.log_partition, head.position);
                       }
                     },
                 .on_gap = [this] { look_.RunSoon(); }}) {}

absl::Duration LogFollower::LookAtHeads() {
  const absl::StatusOr<std::vector<LogHead>> heads = log_.Heads(absl::Now() + kLookTimeout);
  if (!heads.ok()) {
    tail_.WakeAll(DatabaseUnavailableError());
    return kRetryAfter;
  }
  for (const LogHead& head : *heads) tail_.Advance(head.log_partition, head.position);
  return kLookEvery;
}

}  // namespace crier::ingest
