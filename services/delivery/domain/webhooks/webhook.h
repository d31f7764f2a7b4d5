// Webhooks: where payloads go, and how.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/api/resource_name.h"
#include "common/base/message_id.h"
#include "services/delivery/domain/webhooks/signing_key.h"

namespace crier::delivery {

// A webhook's community and its id in it.
using WebhookId = api::ResourceId;

// The shapes that payloads have had. A webhook is pinned to one, so that a later one can be added
// without a change for anybody.
enum class PayloadVersion { k202304 };

// The name that a version has in payloads, in the API and where webhooks are stored.
std::string PayloadVersionName(PayloadVersion version);

// The version of that name; nothing for a name that none has.
std::optional<PayloadVersion> FindPayloadVersion(absl::string_view name);

// Whether a webhook is sent to. The numbers are stored.
enum class WebhookState {
  kEnabled = 1,
  kPaused = 2,    // its deliveries are held, and sent once it is resumed
  kDisabled = 3,  // they are kept, and sent once it is enabled again
};

// Why a webhook is disabled. The numbers are stored.
enum class DisableReason {
  kNone = 0,     // it is not
  kManual = 1,   // by its owner
  kGone = 2,     // its receiver answered 410
  kFailing = 3,  // its receiver has failed for days
};

// A time without a success; webhook_health.h has the rules.
struct FailingSpell {
  absl::Time since;         // the first failure that counted
  absl::Time last_counted;  // the last one
  // How long it has gone on, as of `last_counted`: the times between failures that counted, of
  // which none counts for longer than the rules permit.
  absl::Duration counted;
  bool told = false;  // by a notice

  friend bool operator==(const FailingSpell& a, const FailingSpell& b) {
    return a.since == b.since && a.last_counted == b.last_counted && a.counted == b.counted &&
           a.told == b.told;
  }
};

// When failed deliveries are tried again.
struct RetryPolicy {
  std::vector<absl::Duration> delays;  // after each attempt but the last; empty for the documented
  int max_attempts = 0;                // of those documented; 0 for all

  friend bool operator==(const RetryPolicy& a, const RetryPolicy& b) {
    return a.delays == b.delays && a.max_attempts == b.max_attempts;
  }
  friend bool operator!=(const RetryPolicy& a, const RetryPolicy& b) { return !(a == b); }
};

// A customer's URL with its settings. A value; valid by the rules of webhook_rules.h once stored.
struct Webhook {
  WebhookId id;
  std::string display_name;
  std::string url;
  // Travels in clear in `x-commonroom-webhook-secret`; signs nothing. No header when empty.
  std::string secret;
  // Newest first, without those that have expired. Every attempt is signed with each of them.
  std::vector<SigningKey> signing_keys;
  PayloadVersion payload_version = PayloadVersion::k202304;
  // Wraps payloads with id and source.
  bool envelope = false;
  // Repeats an activity's `contact` under `member`.
  bool member_alias = false;
  // Names as the customer wrote them; no two are equal without regard to case.
  std::map<std::string, std::string> custom_headers;
  // For one attempt, everything included.
  absl::Duration request_timeout = absl::Seconds(15);
  // What the receiver may ask for in the TLS handshake: certificate (with its chain) and key as
  // PEM, both or neither.
  std::string client_certificate;
  std::string client_key;
  // Certificate authorities (PEM) that the receiver's certificate may come from, beside those that
  // all are trusted for.
  std::string trusted_roots;
  RetryPolicy retry_policy;
  int attempts_per_minute = 0;  // at most; 0 for no limit
  int max_concurrency = 0;      // attempts under way at most; 0 leaves it to the server
  WebhookState state = WebhookState::kEnabled;
  DisableReason disable_reason = DisableReason::kNone;
  std::optional<absl::Time> state_change_time;  // nothing if it never changed
  std::optional<FailingSpell> failing;          // nothing while there are successes
  // Is told of the other webhooks of its community, see notice.h.
  bool operational = false;
  absl::Time create_time;
  absl::Time update_time;
  // Counts the changes; from 1.
  int64_t version = 0;
  // The greatest id of a delivery to it that was cancelled on its own. Those up to it may be in
  // memory and off the queue.
  MessageId cancelled_through;
  // Why the stored secrets cannot be read, as when the key that they are under is missing; then
  // they are left out, and nothing may be sent. Otherwise empty.
  std::string secrets_error;

  // Changes with every change of the webhook.
  std::string etag() const;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_H_
