#include "tools/crierctl/ingest/ingester.h"

#include <thread>
#include <utility>

namespace crier::crierctl {

Ingester::Ingester(IngesterOptions options, NextRecord next_record, const BatchSender& sender)
    : options_(options), sender_(sender), next_record_(std::move(next_record)) {}

void Ingester::Run(absl::FunctionRef<void(const BatchReport&)> observe) {
  {
    absl::MutexLock lock(&mutex_);
    running_ = options_.in_flight;
  }
  std::vector<std::thread> workers;
  for (int i = 0; i < options_.in_flight; ++i) workers.emplace_back([this] { RunWorker(); });
  while (const std::optional<BatchReport> report = NextReport()) observe(*report);
  for (std::thread& worker : workers) worker.join();
}

void Ingester::RunWorker() {
  while (!stopped()) {
    const std::vector<Record> batch = ReadBatch();
    if (batch.empty()) break;
    HandOver(sender_.Send(batch));
  }
  absl::MutexLock lock(&mutex_);
  --running_;
  changed_.SignalAll();
}

std::vector<Record> Ingester::ReadBatch() {
  absl::MutexLock lock(&read_mutex_);
  std::vector<Record> batch;
  size_t bytes = 0;
  while (batch.size() < options_.batch_records && bytes < options_.batch_bytes) {
    std::optional<Record> record = next_record_();
    if (!record) break;
    if (record->json.ok()) bytes += record->json->size();
    batch.push_back(*std::move(record));
  }
  return batch;
}

void Ingester::HandOver(BatchReport report) {
  absl::MutexLock lock(&mutex_);
  while (reports_.size() >= static_cast<size_t>(options_.in_flight)) changed_.Wait(&mutex_);
  if (!report.stopped.ok()) stopped_ = true;
  reports_.push_back(std::move(report));
  changed_.SignalAll();
}

std::optional<BatchReport> Ingester::NextReport() {
  absl::MutexLock lock(&mutex_);
  while (reports_.empty() && running_ > 0) changed_.Wait(&mutex_);
  if (reports_.empty()) return std::nullopt;
  BatchReport report = std::move(reports_.front());
  reports_.pop_front();
  changed_.SignalAll();
  return report;
}

bool Ingester::stopped() {
  absl::MutexLock lock(&mutex_);
  return stopped_;
}

}  // namespace crier::crierctl
