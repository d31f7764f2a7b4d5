#include "services/delivery/domain/dispatch/attempt_log.h"

#include "common/log/log.h"
#include "services/delivery/domain/dispatch/attempt_metrics.h"
#include "services/delivery/domain/queue/ended_deliveries.h"

namespace crier::delivery {

void AttemptLog::Write(const DeliveryId& id, int64_t workflow_id, const Attempt& attempt,
                       DeliveryState state, absl::Duration event_age, absl::Duration next_attempt) {
  const AttemptResult& result = attempt.exchange.result;
  const bool success = result.outcome == Outcome::kSucceeded;
  const bool sampled = !success || successes_++ % kSuccessesPerLine == 0;
  const log::Level level = sampled ? log::Level::kInfo : log::Level::kDebug;
  if (!log::Shown(level)) return;
  log::WriteRecord(
      level, "attempt finished",
      {{"community", id.webhook.community},
       {"webhook", id.webhook.id},
       {"workflow", workflow_id},
       {"delivery", id.message.ToString()},
       {"attempt", attempt.number},
       {"outcome", OutcomeName(result.outcome)},
       {"status", result.status},
       {"state", StateName(state)},
       {"duration", result.duration},
       {"event_age", event_age},
       {"next_attempt_in",
        state == DeliveryState::kPending ? next_attempt : absl::InfiniteDuration()},
       {"response_bytes", result.body.size()},
       {"sampled_1_in", success && sampled ? static_cast<int64_t>(kSuccessesPerLine) : 1}});
}

}  // namespace crier::delivery
