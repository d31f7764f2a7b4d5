#include "services/ingest/domain/log/log_tail.h"

namespace crier::ingest {

bool LogTail::Await(Reader* reader, int32_t log_partition, int64_t position) {
  absl::MutexLock lock(&mutex_);
  Partition& partition = partitions_[log_partition];
  if (!status_.ok() || partition.head > position) return false;
  partition.readers[reader] = position;
  return true;
}

bool LogTail::Cancel(Reader* reader) {
  absl::MutexLock lock(&mutex_);
  for (auto& [number, partition] : partitions_) {
    if (partition.readers.erase(reader) > 0) return true;
  }
  return false;
}

void LogTail::Advance(int32_t log_partition, int64_t position) {
  std::vector<Reader*> woken;
  {
    absl::MutexLock lock(&mutex_);
    Partition& partition = partitions_[log_partition];
    if (position <= partition.head) return;
    partition.head = position;
    for (auto it = partition.readers.begin(); it != partition.readers.end();) {
      if (it->second >= position) {
        ++it;
        continue;
      }
      woken.push_back(it->first);
      it = partition.readers.erase(it);
    }
  }
  for (Reader* reader : woken) reader->OnWake(absl::OkStatus());
}

int64_t LogTail::Head(int32_t log_partition) const {
  absl::MutexLock lock(&mutex_);
  const auto found = partitions_.find(log_partition);
  return found == partitions_.end() ? 0 : found->second.head;
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
  for (auto& [number, partition] : partitions_) {
    for (const auto& [reader, position] : partition.readers) all.push_back(reader);
    partition.readers.clear();
  }
  return all;
}

}  // namespace crier::ingest
