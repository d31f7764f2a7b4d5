// What attempts say of the health of their webhook.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_WEBHOOK_HEALTH_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_WEBHOOK_HEALTH_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "services/delivery/domain/attempts/notice.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// A webhook whose attempts have all failed for so long has its community told, and is disabled.
inline constexpr absl::Duration kTellAfter = absl::Hours(1);
inline constexpr absl::Duration kDisableAfter = absl::Hours(5 * 24);

// The time between two failures counts for no longer, so that it takes three failures at least to
// disable a webhook, over more than two days, and no step of a clock can do it: what a step adds is
// as limited, and what it takes away is nothing.
inline constexpr absl::Duration kLongestGap = absl::Hours(5 * 24 / 2);

// What an attempt showed of its webhook.
struct Finding {
  enum class Kind {
    kWorks,  // a success
    kFails,  // no success
    kGone,   // the receiver answered 410
  };

  Kind kind = Kind::kWorks;
  absl::Time time;  // when the attempt ended
  // As the attempt read the webhook. A finding says nothing of a webhook that was changed since.
  int64_t webhook_version = 0;
};

// What an attempt that ended `now` may change of the webhook, which is as it was read before the
// attempt; nothing as a rule: a receiver that goes on working changes nothing, and one that goes on
// failing little, every quarter of an hour. `confirmed`: whether a failure is more than a hiccup,
// each of which would be written down otherwise: a retry or the last attempt has failed, or many in
// a row have.
std::optional<Finding> Judge(const Webhook& webhook, const AttemptResult& result, bool confirmed,
                             absl::Time now);

// Applies a finding to the webhook as it is now, and returns what its community must be told.
// Counts up the version when the state changes. Reads and writes nothing of the webhook but id,
// names, version, state and failing spell. Applying a finding again does no harm: it finds another
// version, or a spell that has been counted.
std::optional<Notice> Apply(const Finding& finding, Webhook& webhook);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_WEBHOOK_HEALTH_H_
