#include "services/ingest/domain/log_tail.h"

namespace crier::ingest {

bool LogTail::Await(Reader* reader, int32_t log_partition, int64_t position) {
  absl::MutexLock lock(&mutex_);
  if (!status_.ok() || heads_[log_partition] > position) return false;
  readers_[reader] = {log_partition, position};
  return true;
}

bool LogTail::Cancel(Reader* reader) {
  absl::MutexLock lock(&mutex_);
  return readers_.erase(reader) > 0;
}

void LogTail::Advance(int32_t log_partition, int64_t position) {
  std::vector<Reader*> woken;
  {
    absl::MutexLock lock(&mutex_);
    int64_t& head = heads_[log_partition];
    if (position <= head) return;
    head = position;
    for (auto it = readers_.begin(); it != readers_.end();) {
      if (it->second.log_partition == log_partition && it->second.position < position) {
        woken.push_back(it->first);
        it = readers_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (Reader* reader : woken) reader->OnWake(absl::OkStatus());
}

void LogTail::WakeAll(const absl::Status& status) {
  std::vector<Reader*> woken;
  {
    absl::MutexLock lock(&mutex_);
    woken = TakeAll();
  }
  for (Reader* reader : woken) reader->OnWake(status);
}

void LogTail::Close(const absl::Status& status) {
  std::vector<Reader*> woken;
  {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    woken = TakeAll();
  }
  for (Reader* reader : woken) reader->OnWake(status);
}

absl::Status LogTail::status() const {
  absl::MutexLock lock(&mutex_);
  return status_;
}

std::vector<LogTail::Reader*> LogTail::TakeAll() {
  std::vector<Reader*> all;
  all.reserve(readers_.size());
  for (const auto& [reader, waiting] : readers_) all.push_back(reader);
  readers_.clear();
  return all;
}

}  // namespace crier::ingest
