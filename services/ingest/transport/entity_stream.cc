#include "services/ingest/transport/entity_stream.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "services/ingest/domain/errors.h"

namespace crier::ingest::transport {
namespace {

constexpr int kMaxRun = 1000;
constexpr int64_t kMaxRunBytes = 2 * 1024 * 1024;
// A filter that matches next to nothing makes one run read the whole community.
constexpr absl::Duration kMaxRead = absl::Minutes(2);

}  // namespace

RunReader::RunReader(EntityReader& entities, const std::atomic<bool>& draining,
                     EntitySelection selection, std::optional<int64_t> after_id,
                     absl::Time deadline)
    : entities_(entities),
      draining_(draining),
      selection_(std::move(selection)),
      deadline_(deadline) {
  options_.limit = kMaxRun;
  options_.max_bytes = kMaxRunBytes;
  if (selection_.kind == EntityKind::kContact) options_.merged = Merged::kTold;
  if (after_id) options_.after = ListPosition{{}, *after_id};
}

absl::StatusOr<EntityRun> RunReader::Next() {
  if (!more_) return EntityRun();
  if (draining_.load()) return DrainingError();
  const absl::Time deadline = std::min(deadline_, absl::Now() + kMaxRead);
  ASSIGN_OR_RETURN(EntityRun run, entities_.Find(selection_, options_, deadline));
  more_ = run.more;
  options_.in_bulk = run.more;
  if (!run.entities.empty()) options_.after = ListPosition{{}, run.entities.back().id};
  return run;
}

grpc::Status EndOfStream(const absl::Status& status) {
  // What the reader is not told of is looked for in the log.
  if (absl::IsInternal(status) || absl::IsUnknown(status)) {
    log::Error("stream of entities failed", {{"status", status}});
  }
  return rpc::ToGrpc(status);
}

absl::Status TooManyReadersError() {
  return OverloadedError("the server has too much to read; go on after the given delay",
                         absl::Seconds(1));
}

}  // namespace crier::ingest::transport
