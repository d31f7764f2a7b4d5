// One log partition with everything around it, for tests of its runner.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_RUNNER_TEST_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_RUNNER_TEST_H_

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "services/evaluator/domain/fakes/fake_cap_store.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"
#include "services/evaluator/domain/fakes/fake_member_ledger.h"
#include "services/evaluator/domain/fakes/fake_pace_store.h"
#include "services/evaluator/domain/fakes/fake_workflow_store.h"
#include "services/evaluator/domain/management/workflows.h"
#include "services/evaluator/domain/partitions/partition_runner.h"

namespace crier::evaluator {

inline constexpr int64_t kCommunity = 1;
inline constexpr int64_t kWebhook = 5;
inline constexpr char kProducer[] = "evaluator/log-partitions/0";

// One log partition with everything around it. The workflow fires for found contacts.
class World {
 public:
  explicit World(Faults faults = nullptr)
      : store(faults), events(1, faults), deliveries(faults), metrics(registry) {
    options.min_backoff = absl::Microseconds(10);
    options.max_backoff = absl::Microseconds(100);
    const NewWorkflow workflow = {kCommunity, "name", Template::kNewMember, kWebhook, "", ""};
    workflow_id = store.Create(workflow, clock.Now(), absl::InfiniteFuture())->id;
  }

  std::unique_ptr<PartitionRunner> StartRunner(uint64_t seed = 1) {
    return std::make_unique<PartitionRunner>(0, Parts(), options, seed);
  }

  RunnerParts Parts() { return PartsWith(events, deliveries); }

  RunnerParts PartsWith(EventSource& source, DeliverySink& sink) {
    if (rate == nullptr) rate = std::make_unique<SendRate>(rate_per_second);
    return {store, source, sink, members, caps, paces, *rate, clock, metrics};
  }

  // The workflow fires for every position after `from_position`.
  void EnableFrom(int64_t from_position) {
    ASSERT_TRUE(store
                    .Change(
                        workflow_id, {0, from_position},
                        [](Workflow& workflow) {
                          workflow.state = State::kEnabled;
                          return absl::OkStatus();
                        },
                        absl::InfiniteFuture())
                    .ok());
  }

  int64_t Append(entity::v1::Event::Kind kind = entity::v1::Event::CONTACT_FOUND) {
    entity::v1::Event event;
    event.set_community_id(kCommunity);
    event.set_kind(kind);
    event.mutable_contact();
    return events.Append(event);
  }

  // The positions of what the delivery service has stored, in the order of storing.
  std::vector<int64_t> DeliveredPositions() const {
    std::vector<int64_t> positions;
    for (const auto& message : deliveries.messages()) {
      positions.push_back(message.event().position());
    }
    return positions;
  }

  FakeClock clock{absl::FromUnixSeconds(1'681'726'886)};
  FakeWorkflowStore store;
  FakeEventSource events;
  FakeDeliverySink deliveries;
  FakeMemberLedger members;
  FakeCapStore caps;
  FakePaceStore paces;
  int64_t rate_per_second = 0;
  std::unique_ptr<SendRate> rate;
  metrics::Registry registry;
  EvaluatorMetrics metrics;
  RunnerOptions options;
  WorkflowId workflow_id;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_PARTITIONS_PARTITION_RUNNER_TEST_H_
