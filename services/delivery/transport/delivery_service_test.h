// A DeliveryService on a server within the process, with deliveries and webhooks in memory.
#ifndef CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_SERVICE_TEST_H_
#define CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_SERVICE_TEST_H_

#include <algorithm>
#include <optional>
#include <vector>

#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "gtest/gtest.h"
#include "services/delivery/domain/fakes/fake_delivery_store.h"
#include "services/delivery/domain/fakes/fake_repair_store.h"
#include "services/delivery/domain/fakes/fake_webhook_store.h"
#include "services/delivery/transport/delivery_service.h"
#include "tests/support/in_process_client.h"

namespace crier::delivery::transport {

// The deliveries of one webhook, newest first.
class FakeDeliveryLog : public DeliveryLog {
 public:
  absl::StatusOr<std::optional<DeliveryRecord>> Get(const DeliveryId& id,
                                                    absl::Time deadline) override {
    for (const DeliveryRecord& record : records) {
      if (record.id == id) return std::optional<DeliveryRecord>(record);
    }
    return std::optional<DeliveryRecord>();
  }

  absl::StatusOr<DeliveryPage> List(const DeliveryFilter& asked,
                                    const std::optional<MessageId>& before, int limit,
                                    absl::Time deadline) override {
    filter = asked;
    DeliveryPage page;
    for (const DeliveryRecord& record : records) {
      if (before && !(record.id.message < *before)) continue;
      if (static_cast<int>(page.records.size()) == std::min(limit, most_at_once)) {
        page.next = page.records.empty() ? record.id.message : page.records.back().id.message;
        return page;
      }
      page.records.push_back(record);
    }
    return page;
  }

  absl::StatusOr<WebhookHealth> Health(const WebhookId& webhook, absl::Time) override {
    return health;
  }

  std::vector<DeliveryRecord> records;
  int most_at_once = 1'000'000;  // as when little of what it looks at is asked for
  DeliveryFilter filter;         // of the last listing
  WebhookHealth health;
};

class DeliveryServiceTest : public testing::Test {
 protected:
  using Stub = v1::DeliveryService::Stub;

  DeliveryServiceTest() {
    Webhook webhook;
    webhook.id.community = 123;
    webhook_ = webhooks_.Create(webhook, "", absl::InfiniteFuture())->id;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  MessageIdGenerator ids_{clock_};
  metrics::Registry registry_;
  FakeDeliveryStore store_;
  FakeWebhookStore webhooks_;
  FakeDeliveryLog log_;
  WebhookId webhook_;
  ShardScheduler scheduler_{clock_, {}};
  Enqueuer enqueuer_{store_, webhooks_, scheduler_, clock_, registry_};
  EnqueueBatcher enqueue_batcher_{enqueuer_};
  rpc::Executor executor_{{}};
  FakeRepairStore repairs_;
  PayloadReader payloads_{store_, webhooks_, "https://app.example.com"};
  prometheus::Counter& cancelled_ = registry_.Counter("cancelled_total", "Deliveries.");
  DeliveryService service_{enqueue_batcher_, store_, log_,      repairs_,
                           payloads_,        clock_, executor_, cancelled_};
  InProcessClient<v1::DeliveryService> client_{service_};
};

}  // namespace crier::delivery::transport

#endif  // CRIER_SERVICES_DELIVERY_TRANSPORT_DELIVERY_SERVICE_TEST_H_
