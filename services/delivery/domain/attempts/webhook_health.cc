#include "services/delivery/domain/attempts/webhook_health.h"

#include <algorithm>

#include "services/delivery/domain/webhooks/webhook_state.h"

namespace crier::delivery {
namespace {

// Failures are counted as often, however many there are.
constexpr absl::Duration kCountEvery = absl::Minutes(15);

absl::Duration FailingFor(const FailingSpell& spell, absl::Time now) {
  const absl::Duration gap =
      std::clamp(now - spell.last_counted, absl::ZeroDuration(), kLongestGap);
  return spell.counted + gap;
}

bool IsWorthCounting(const FailingSpell& spell, absl::Time now) {
  const absl::Duration failing_for = FailingFor(spell, now);
  return failing_for >= kDisableAfter || (failing_for >= kTellAfter && !spell.told) ||
         absl::AbsDuration(now - spell.last_counted) >= kCountEvery;
}

std::optional<Notice> CountFailure(absl::Time now, Webhook& webhook) {
  if (!webhook.failing) {
    webhook.failing = FailingSpell{now, now, absl::ZeroDuration()};
    return std::nullopt;
  }
  FailingSpell& spell = *webhook.failing;
  spell.counted = FailingFor(spell, now);
  spell.last_counted = now;
  spell.since = std::min(spell.since, now);  // later only by a clock that has been set back
  if (spell.counted >= kDisableAfter) {
    Disable(DisableReason::kFailing, now, webhook);
    ++webhook.version;
    return DisabledNotice(webhook, now);
  }
  if (spell.counted < kTellAfter || spell.told) return std::nullopt;
  spell.told = true;
  return FailingNotice(webhook, now, now + (kDisableAfter - spell.counted));
}

}  // namespace

std::optional<Finding> Judge(const Webhook& webhook, const AttemptResult& result, bool confirmed,
                             absl::Time now) {
  Finding finding;
  finding.time = now;
  finding.webhook_version = webhook.version;
  if (result.outcome == Outcome::kSucceeded) {
    if (!webhook.failing) return std::nullopt;
    finding.kind = Finding::Kind::kWorks;
  } else if (result.status == kStatusGone) {
    finding.kind = Finding::Kind::kGone;
  } else {
    const bool counts = webhook.failing ? IsWorthCounting(*webhook.failing, now) : confirmed;
    if (!counts) return std::nullopt;
    finding.kind = Finding::Kind::kFails;
  }
  return finding;
}

std::optional<Notice> Apply(const Finding& finding, Webhook& webhook) {
  if (webhook.version != finding.webhook_version || webhook.state != WebhookState::kEnabled) {
    return std::nullopt;
  }
  switch (finding.kind) {
    case Finding::Kind::kFails:
      return CountFailure(finding.time, webhook);
    case Finding::Kind::kGone:
      Disable(DisableReason::kGone, finding.time, webhook);
      ++webhook.version;
      return DisabledNotice(webhook, finding.time);
    case Finding::Kind::kWorks:
      std::optional<Notice> notice;
      if (webhook.failing && webhook.failing->told) notice = RecoveredNotice(webhook, finding.time);
      webhook.failing.reset();
      return notice;
  }
}

}  // namespace crier::delivery
