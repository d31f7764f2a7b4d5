// Ids of messages: 128 bits that sort by the time of their making (UUIDv7 layout), shown to
// receivers as `msg_` and 26 characters of Crockford base32.
#ifndef CRIER_COMMON_BASE_MESSAGE_ID_H_
#define CRIER_COMMON_BASE_MESSAGE_ID_H_

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/numeric/int128.h"
#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/clock.h"

namespace crier {

// A value; compares in the order of creation (to the millisecond across generators).
class MessageId {
 public:
  MessageId() = default;
  explicit MessageId(const std::array<uint8_t, 16>& bytes) : bytes_(bytes) {}

  // The smallest id of a moment, to the millisecond: what was made before it sorts below. Moments
  // before 1970 count as 1970.
  static MessageId FirstAt(absl::Time time);

  // From `msg_…` as ToString() writes it; INVALID_ARGUMENT otherwise.
  static absl::StatusOr<MessageId> FromString(absl::string_view text);

  // From the 36 characters of a Postgres uuid; INVALID_ARGUMENT otherwise.
  static absl::StatusOr<MessageId> FromUuid(absl::string_view uuid);

  // `msg_` and 26 lower-case characters; sorts like the id itself; has no `.`, as Standard Webhooks
  // demands.
  std::string ToString() const;

  // The form that Postgres stores, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
  std::string ToUuid() const;

  // The same as 16 bytes.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }

  // When the id was made, to the millisecond.
  absl::Time time() const;

  friend bool operator==(const MessageId& a, const MessageId& b) { return a.bytes_ == b.bytes_; }
  friend bool operator!=(const MessageId& a, const MessageId& b) { return !(a == b); }
  friend bool operator<(const MessageId& a, const MessageId& b) { return a.bytes_ < b.bytes_; }

  template <typename H>
  friend H AbslHashValue(H h, const MessageId& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, 16> bytes_ = {};
};

// Makes ids that are unique across replicas (74 random bits) and strictly increasing within one
// generator for as long as its clock is not stepped back by more than a second: then ids follow the
// clock, so that one that was ahead for a while does not date them for good. Thread-safe.
class MessageIdGenerator {
 public:
  // `clock` must outlive the generator.
  explicit MessageIdGenerator(const Clock& clock) : clock_(clock) {}

  MessageId Next();

 private:
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::BitGen random_ ABSL_GUARDED_BY(mutex_);
  // The last id less version and variant: milliseconds and randomness in one ascending number.
  absl::uint128 last_counter_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crier

#endif  // CRIER_COMMON_BASE_MESSAGE_ID_H_
