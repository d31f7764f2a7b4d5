#include "common/rpc/open_streams.h"

#include <algorithm>
#include <utility>

namespace crier::rpc {

absl::Status OpenStreams::Add(const std::weak_ptr<Stream>& stream) {
  absl::MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  if (streams_.size() >= sweep_at_) {
    streams_.erase(std::remove_if(streams_.begin(), streams_.end(),
                                  [](const auto& other) { return other.expired(); }),
                   streams_.end());
    sweep_at_ = std::max<size_t>(16, 2 * streams_.size());
  }
  streams_.push_back(stream);
  return absl::OkStatus();
}

void OpenStreams::Close(const absl::Status& status) {
  std::vector<std::weak_ptr<Stream>> streams;
  {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    streams.swap(streams_);
  }
  for (const auto& stream : streams) {
    if (const std::shared_ptr<Stream> alive = stream.lock()) alive->Close(status);
  }
}

}  // namespace crier::rpc
