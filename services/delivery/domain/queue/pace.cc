#include "services/delivery/domain/queue/pace.h"

#include <algorithm>

#include "services/delivery/domain/attempts/retry_after.h"

namespace crier::delivery {
namespace {

// An answer within this time makes room for more attempts.
constexpr absl::Duration kFast = absl::Milliseconds(250);
// A receiver that takes longer, or is silent for longer, is a suspect.
constexpr absl::Duration kPrompt = absl::Seconds(1);
// So is one that is silent for several times as long as it usually takes: what is on the wire to it
// takes up places that others wait for. To suspect one in vain costs it nothing but its turn.
constexpr int kUnusual = 8;
constexpr absl::Duration kShortestSilence = absl::Milliseconds(50);

constexpr int kFailuresToTrip = 5;
constexpr absl::Duration kShortestBreak = absl::Seconds(5);
constexpr absl::Duration kLongestBreak = absl::Minutes(5);
constexpr absl::Duration kBusyBreak = absl::Seconds(1);
constexpr absl::Duration kGoneBreak = absl::Seconds(5);

constexpr absl::Duration kMemory = absl::Minutes(1);

constexpr absl::Duration kCostUnit = absl::Milliseconds(50);
constexpr int kHighestCost = 16;

bool IsBusy(int status) { return status == 429 || (status >= 502 && status <= 504); }

Answer::Kind KindOf(const AttemptResult& result) {
  switch (result.outcome) {
    case Outcome::kSucceeded:
      return Answer::Kind::kGood;
    case Outcome::kTimedOut:
      return Answer::Kind::kTimedOut;
    case Outcome::kRefused:
      if (IsBusy(result.status)) return Answer::Kind::kBusy;
      if (result.status == kStatusGone) return Answer::Kind::kGone;
      return result.status >= 500 ? Answer::Kind::kBroken : Answer::Kind::kGood;
    default:
      return Answer::Kind::kBroken;
  }
}

}  // namespace

Answer AnswerOf(const AttemptResult& result, absl::Time now) {
  Answer answer;
  answer.kind = KindOf(result);
  answer.took = result.duration;
  if (answer.kind == Answer::Kind::kBusy) answer.retry_after = RetryAfter(result.headers, now);
  return answer;
}

bool Pace::SetLimits(int max_concurrency, int attempts_per_minute) {
  if (limits_known_ && max_concurrency == max_concurrency_ &&
      attempts_per_minute == attempts_per_minute_) {
    return false;
  }
  const bool was_unlimited = attempts_per_minute_ == 0;
  limits_known_ = true;
  max_concurrency_ = max_concurrency;
  attempts_per_minute_ = attempts_per_minute;
  // What is under way has taken its tokens.
  if (was_unlimited && attempts_per_minute_ > 0) tokens_ = Burst() - in_flight_;
  return true;
}

bool Pace::Exceeds(absl::Duration now) const { return in_flight_ > limit() || Tokens(now) < 0; }

void Pace::TryNow() {
  closed_until_ = -absl::InfiniteDuration();
  limits_known_ = false;
}

int Pace::limit() const {
  const int limit = static_cast<int>(limit_);
  return max_concurrency_ > 0 ? std::min(limit, max_concurrency_) : limit;
}

bool Pace::MayBegin(absl::Duration now) const {
  return in_flight_ < limit() && !IsOpen(now) && (!limits_known_ || Tokens(now) >= 1);
}

absl::Duration Pace::NextBegin(absl::Duration now) const {
  if (in_flight_ >= limit()) return absl::InfiniteDuration();
  absl::Duration next = std::max(now, closed_until_);
  if (attempts_per_minute_ > 0 && limits_known_) {
    const double missing = std::max(0.0, 1 - Tokens(now));
    // A little more than that, or rounding would make it look too early.
    next = std::max(next, now + absl::Minutes(1) * (missing / attempts_per_minute_) +
                              (missing > 0 ? absl::Microseconds(1) : absl::ZeroDuration()));
  }
  return next;
}

void Pace::Begin(absl::Duration now) {
  if (in_flight_ == 0) quiet_since_ = now;
  ++in_flight_;
  used_ = now;
  tokens_ = Tokens(now) - 1;
  tokens_time_ = now;
}

void Pace::Undo(absl::Duration now) {
  --in_flight_;
  tokens_ = std::min(Burst(), Tokens(now) + 1);
  tokens_time_ = now;
}

void Pace::End(const Answer& answer, absl::Duration now) {
  const bool was_full = in_flight_ >= static_cast<int>(limit_);
  --in_flight_;
  used_ = quiet_since_ = now;
  latency_ += (answer.took - latency_) / (proven_ ? 8 : 1);
  if (answer.kind == Answer::Kind::kGood) {
    Grow(answer.took, was_full);
    return;
  }
  if (answer.kind == Answer::Kind::kGone) {
    closed_until_ = std::max(closed_until_, now + kGoneBreak);
    return;
  }
  ++failures_;
  const bool timed_out = answer.kind == Answer::Kind::kTimedOut;
  const bool probing = open_for_ > absl::ZeroDuration();
  if (failures_ >= kFailuresToTrip || probing || (timed_out && !proven_)) {
    // Attempts that were under way when the circuit opened do not open it again.
    if (!IsOpen(now)) Trip(answer.took, now);
  } else if (timed_out || answer.kind == Answer::Kind::kBusy) {
    limit_ = std::max(1.0, limit_ / 2);
  }
  if (answer.kind == Answer::Kind::kBusy) {
    closed_until_ = std::max(
        closed_until_,
        now + std::clamp(answer.retry_after.value_or(kBusyBreak), kBusyBreak, kLongestBreak));
  }
}

void Pace::EndUnjudged(absl::Duration now) {
  --in_flight_;
  used_ = now;
}

void Pace::Grow(absl::Duration took, bool was_full) {
  failures_ = 0;
  open_for_ = absl::ZeroDuration();
  proven_ = true;
  if (!was_full) return;
  if (limit_ < options_.usual) {
    limit_ = std::min<double>(limit_ + 1, options_.usual);
  } else if (took <= kFast) {
    limit_ = std::min<double>(limit_ + 1 / limit_, options_.most);
  } else {
    limit_ = std::max<double>(limit_ - 1 / limit_, options_.usual);
  }
}

void Pace::Trip(absl::Duration took, absl::Duration now) {
  open_for_ = std::clamp(std::max(open_for_ * 2, took), kShortestBreak, kLongestBreak);
  closed_until_ = now + open_for_;
  proven_ = false;
  limit_ = 1;
}

Circuit Pace::circuit(absl::Duration now) const {
  if (open_for_ == absl::ZeroDuration()) return Circuit::kClosed;
  return in_flight_ > 0 && !IsOpen(now) ? Circuit::kHalfOpen : Circuit::kOpen;
}

bool Pace::IsSuspect(absl::Duration now) const {
  return !proven_ || latency_ > kPrompt || NextSuspicion() <= now;
}

absl::Duration Pace::NextSuspicion() const {
  if (in_flight_ == 0) return absl::InfiniteDuration();
  return quiet_since_ + std::clamp(latency_ * kUnusual, kShortestSilence, kPrompt);
}

int Pace::Cost() const {
  return std::min(kHighestCost, 1 + static_cast<int>(absl::FDivDuration(latency_, kCostUnit)));
}

absl::Duration Pace::memorable_until() const { return std::max(used_, closed_until_) + kMemory; }

double Pace::Burst() const { return std::max(1.0, attempts_per_minute_ / 60.0); }

double Pace::Tokens(absl::Duration now) const {
  if (attempts_per_minute_ == 0) return 1;
  if (tokens_time_ == -absl::InfiniteDuration()) return Burst();
  const double gained = absl::FDivDuration(now - tokens_time_, absl::Minutes(1));
  return std::min(Burst(), tokens_ + gained * attempts_per_minute_);
}

}  // namespace crier::delivery
