// Notices into the queue, by the transaction that they tell of.
#ifndef CRIER_SERVICES_DELIVERY_STORAGE_NOTICE_WRITER_H_
#define CRIER_SERVICES_DELIVERY_STORAGE_NOTICE_WRITER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/base/message_id.h"
#include "common/pg/transaction.h"
#include "services/delivery/domain/attempts/notice.h"

namespace crier::delivery::storage {

// Thread-safe.
class NoticeWriter {
 public:
  // `schema`: where the queue is.
  explicit NoticeWriter(std::string schema) : schema_(std::move(schema)) {}

  // Stores deliveries of the notices, with the names of their webhooks filled in, to the
  // operational webhooks of their communities, and announces them. Nobody gets a notice about
  // itself, nor does anybody of a webhook that is deleted. One statement where nobody is to be
  // told.
  absl::Status Write(pg::Transaction& transaction, std::vector<Notice> notices);

 private:
  const std::string schema_;
  MessageIdGenerator ids_{SystemClock()};
};

}  // namespace crier::delivery::storage

#endif  // CRIER_SERVICES_DELIVERY_STORAGE_NOTICE_WRITER_H_
