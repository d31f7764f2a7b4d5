// How the delivery service reaches receivers.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_SENDER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_SENDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/delivery/domain/attempts/attempt_request.h"

namespace crier::delivery {

// How an attempt ended. The numbers are stored.
enum class Outcome {
  kSucceeded = 1,    // status 200 to 299
  kRefused = 2,      // another status; a redirect is not followed
  kTimedOut = 3,     // no answer in time
  kUnreachable = 4,  // no connection, or it broke, or the operator does not permit the target
  kTlsFailed = 5,
};

// When each phase was over, from the beginning of the attempt; zero for one that was not reached.
struct AttemptTimings {
  absl::Duration resolved;
  absl::Duration connected;
  absl::Duration secured;
  absl::Duration first_byte;
};

// Of a receiver that wants nothing any more.
inline constexpr int kStatusGone = 410;

// What is kept of a response's body, and of the value of each header: what is longer is cut.
inline constexpr size_t kKeptBodyBytes = 20'000;
inline constexpr size_t kKeptValueBytes = 8'192;

// What came of a request.
struct AttemptResult {
  Outcome outcome = Outcome::kUnreachable;
  int status = 0;               // 0 without a response
  std::vector<Header> headers;  // of the response; at most 100
  std::string body;             // the beginning of the response's
  // In words for the customer, why there was no success; empty on success.
  std::string error;
  absl::Duration duration;
  // The operator's policy does not permit the target. For metrics; customers are not told.
  bool target_refused = false;
  AttemptTimings timings;
  std::string remote_address;  // without port; empty when none was called
};

// A request with what came of it, as it is shown: the request's headers are masked.
struct Exchange {
  absl::Time start_time;
  std::string url;
  std::vector<Header> request_headers;
  std::string request_body;
  AttemptResult result;
};

// Sends requests. Implementations are thread-safe and bound what is on the wire.
class Sender {
 public:
  virtual ~Sender() = default;

  // Starts the request and returns. `done` is called exactly once, from a thread of the sender's
  // or, when nothing needs to be sent, from within Send(); it must not block. Connections are
  // shared only within a `connection_group` (a community).
  virtual void Send(AttemptRequest request, int64_t connection_group,
                    std::function<void(AttemptResult)> done) = 0;
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_SENDER_H_
