#include "services/delivery/domain/dispatch/attempt_metrics.h"

#include <algorithm>
#include <vector>

#include "services/delivery/domain/queue/ended_deliveries.h"

namespace crier::delivery {
namespace {

// In place of a status when there is no response.
constexpr char kNoResponse[] = "none";

// The first digit of a status; one of a few constants, so that it can be a label and be compared by
// its address.
const char* StatusClass(int status) {
  static constexpr const char* kClasses[] = {kNoResponse, "1xx", "2xx", "3xx", "4xx", "5xx"};
  const int first_digit = status / 100;
  return first_digit >= 1 && first_digit <= 5 ? kClasses[first_digit]
         : status == 0                        ? kNoResponse
                                              : "other";
}

constexpr Outcome kOutcomes[] = {Outcome::kSucceeded, Outcome::kRefused, Outcome::kTimedOut,
                                 Outcome::kUnreachable, Outcome::kTlsFailed};

// Statuses, one for each class that an outcome can come with.
std::vector<int> StatusesOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded:
      return {200};
    case Outcome::kRefused:
      return {100, 300, 400, 500, 600};
    default:
      return {0};
  }
}

// From the acceptance of an event to its delivery, retries included: up to days.
const std::vector<double>& DeliveryBuckets() {
  static const auto* const buckets =
      new std::vector<double>{0.01, 0.025, 0.05, 0.1, 0.25, 0.5,  1,     2.5,   5,     10,
                              15,   30,    60,   300, 900,  3600, 10800, 43200, 86400, 259200};
  return *buckets;
}

double Seconds(absl::Duration since_event) {
  return std::max(0.0, absl::ToDoubleSeconds(since_event));  // clocks of two machines
}

}  // namespace

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded:
      return "succeeded";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kTimedOut:
      return "timed_out";
    case Outcome::kUnreachable:
      return "unreachable";
    case Outcome::kTlsFailed:
      return "tls_failed";
  }
  return "unknown";
}

AttemptMetrics::AttemptMetrics(metrics::Registry& registry)
    : refused_targets_(registry.Counter(
          "crier_delivery_refused_targets_total",
          "Attempts that were not made because the target policy does not permit the address.")),
      attempt_seconds_(registry.Histogram("crier_delivery_attempt_seconds",
                                          "How long attempts take, everything included.",
                                          metrics::LatencyBuckets())),
      event_to_attempt_seconds_(registry.Histogram(
          "crier_delivery_event_to_first_attempt_seconds",
          "From the acceptance of an event to the first attempt to deliver it, where "
          "neither its workflow nor its webhook puts that off.",
          metrics::LatencyBuckets())),
      event_to_delivery_seconds_(registry.Histogram(
          "crier_delivery_event_to_delivery_seconds",
          "From the acceptance of an event to the answer with which its receiver accepted it.",
          DeliveryBuckets())) {
  for (const Outcome outcome : kOutcomes) {
    for (const int status : StatusesOf(outcome)) {
      const char* const status_class = StatusClass(status);
      attempts_[{outcome, status_class}] = &registry.Counter(
          "crier_delivery_attempts_total",
          "Attempts by how they ended and the first digit of the receiver's status.",
          {{"outcome", OutcomeName(outcome)}, {"status_class", status_class}});
    }
  }
  for (const DeliveryState state :
       {DeliveryState::kSucceeded, DeliveryState::kExhausted, DeliveryState::kCancelled}) {
    ended_[state] = &EndedDeliveries(registry, state);
  }
}

void AttemptMetrics::CountFirst(absl::Duration since_event) {
  event_to_attempt_seconds_.Observe(Seconds(since_event));
}

void AttemptMetrics::Count(const AttemptResult& result) {
  const auto found = attempts_.find({result.outcome, StatusClass(result.status)});
  if (found != attempts_.end()) found->second->Increment();
  if (result.target_refused) refused_targets_.Increment();
  attempt_seconds_.Observe(absl::ToDoubleSeconds(result.duration));
}

void AttemptMetrics::CountDelivered(absl::Duration since_event) {
  event_to_delivery_seconds_.Observe(Seconds(since_event));
}

prometheus::Counter* AttemptMetrics::Ended(DeliveryState state) const {
  const auto found = ended_.find(state);
  return found == ended_.end() ? nullptr : found->second;
}

}  // namespace crier::delivery
