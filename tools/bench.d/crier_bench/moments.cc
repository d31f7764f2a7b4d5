#include "tools/bench.d/crier_bench/moments.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace crier::bench {
namespace {

int64_t MonotonicNow() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Moments>> Moments::Map(const std::string& path, size_t count) {
  const size_t bytes = count * sizeof(std::atomic<int64_t>);
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  void* const memory = ftruncate(file, static_cast<off_t>(bytes)) == 0
                           ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
                           : MAP_FAILED;
  const int error = errno;
  close(file);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(error, absl::StrCat("mapping ", path));
  return std::unique_ptr<Moments>(new Moments(static_cast<std::atomic<int64_t>*>(memory), count));
}

Moments::~Moments() { munmap(values_, count_ * sizeof(std::atomic<int64_t>)); }

bool Moments::Note(size_t number) {
  if (number >= count_) return true;
  int64_t never = 0;
  return values_[number].compare_exchange_strong(never, MonotonicNow(), std::memory_order_relaxed);
}

}  // namespace crier::bench
