// Sends samples to webhooks, so that customers see whether their receivers work.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_WEBHOOK_TESTER_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_WEBHOOK_TESTER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/message_id.h"
#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/attempts/notice.h"
#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// What to send: the payload of an event, or a notice.
using Sample = std::variant<entity::v1::Event, Notice>;

// Thread-safe.
class WebhookTester {
 public:
  // Tests under way at once; each may hold a connection for as long as a receiver likes.
  static constexpr int kMaxTests = 32;

  // `sender` and `clock` must outlive the tester; `app_base_url` as for RenderPayload.
  WebhookTester(Sender& sender, const Clock& clock, std::string app_base_url);

  // Sends the sample as a delivery would be sent, once and unrecorded, and calls `done` with what
  // happened; `done` as for Sender::Send, and possibly after the tester is gone. The attempt gets
  // no more time than is left until `deadline`. Without calling `done`: SecretsUnreadableError,
  // RESOURCE_EXHAUSTED when too many tests are under way, DEADLINE_EXCEEDED when no time is left.
  absl::Status Test(const Webhook& webhook, const Sample& sample, absl::Time deadline,
                    std::function<void(Exchange)> done);

 private:
  absl::StatusOr<std::string> Render(const Webhook& webhook, const Sample& sample) const;

  Sender& sender_;
  const Clock& clock_;
  const std::string app_base_url_;
  MessageIdGenerator ids_;
  // Shared with the callbacks of tests.
  const std::shared_ptr<std::atomic<int>> under_way_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_WEBHOOK_TESTER_H_
