// Notices: what operational webhooks are told of the other webhooks of their community.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_NOTICE_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_NOTICE_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/base/message_id.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// What deliveries of notices have in place of the kind of an event. It is stored.
inline constexpr int kNoticeKind = 100;

// Nothing of what was sent, received or kept secret goes into a notice.
struct Notice {
  enum class Type {
    kFailing,    // all attempts have failed for an hour
    kRecovered,  // a success after kFailing
    kDisabled,   // by its owner or by what the receiver answered
    kExhausted,  // a delivery has got its last attempt in vain
  };

  Type type = Type::kFailing;
  absl::Time time;  // when it happened
  WebhookId webhook;
  std::string webhook_name;                 // for people
  std::optional<absl::Time> failing_since;  // kFailing, and kDisabled after failures
  std::optional<absl::Time> disable_time;   // kFailing: when it will be disabled, if it goes on
  DisableReason disable_reason = DisableReason::kNone;  // kDisabled
  // kExhausted:
  MessageId delivery;
  int attempt_count = 0;
  int response_status = 0;  // of the last attempt; 0 without a response
  std::string error;        // of the last attempt, in words
};

Notice FailingNotice(const Webhook& webhook, absl::Time now, absl::Time disable_time);
Notice RecoveredNotice(const Webhook& webhook, absl::Time now);
// Of a webhook that is disabled now.
Notice DisabledNotice(const Webhook& webhook, absl::Time now);
// `attempt`: the last one, number `attempt_count`. Whoever stores the notice knows the webhook's
// name.
Notice ExhaustedNotice(const WebhookId& webhook, const MessageId& delivery, int attempt_count,
                       const Exchange& attempt);

// The payload, compact JSON as documented with PayloadType.NOTICE. Depends on nothing but the
// notice.
std::string RenderNotice(const Notice& notice);

// A notice like any other, for tests of receivers.
Notice SampleNotice();

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_NOTICE_H_
