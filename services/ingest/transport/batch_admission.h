// How many batches may wait for room at a time.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_BATCH_ADMISSION_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_BATCH_ADMISSION_H_

#include <atomic>
#include <cstddef>

namespace crier::ingest::transport {

// Bounds the bytes of the BatchIngest calls that are under way. A batch is let in whole or not at
// all: were single records refused, a caller that repeats the batch would have them refused again,
// and of many such callers none might ever come through. Thread-safe.
class BatchAdmission {
 public:
  explicit BatchAdmission(size_t max_bytes) : max_bytes_(max_bytes) {}

  // False when there is no room beside those that are in; one alone has, whatever its size. Who is
  // let in must leave.
  [[nodiscard]] bool Enter(size_t bytes) {
    size_t inside = bytes_.load();
    while (inside == 0 || inside + bytes <= max_bytes_) {
      if (bytes_.compare_exchange_weak(inside, inside + bytes)) return true;
    }
    return false;
  }

  void Leave(size_t bytes) { bytes_.fetch_sub(bytes); }

 private:
  const size_t max_bytes_;
  std::atomic<size_t> bytes_{0};
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_BATCH_ADMISSION_H_
