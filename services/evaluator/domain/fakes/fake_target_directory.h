// Webhooks as the delivery service knows them, in memory.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_TARGET_DIRECTORY_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_TARGET_DIRECTORY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/errors.h"
#include "services/evaluator/domain/peers/delivery_sink.h"
#include "services/evaluator/domain/peers/target_directory.h"

namespace crier::evaluator {

// Knows the webhooks of a sink. Thread-safe.
class FakeTargetDirectory : public TargetDirectory {
 public:
  // `sink` must outlive the directory.
  explicit FakeTargetDirectory(DeliverySink& sink) : sink_(sink) {}

  absl::StatusOr<std::vector<WebhookId>> FindMissing(const std::vector<WebhookId>& webhooks,
                                                     absl::Time deadline) override {
    std::vector<WebhookId> missing;
    for (const WebhookId& webhook : webhooks) {
      ASSIGN_OR_RETURN(const bool exists, sink_.WebhookExists(webhook, deadline));
      if (!exists) missing.push_back(webhook);
    }
    return missing;
  }

  // Names the workflow and the webhook.
  absl::StatusOr<std::string> RenderPayload(const entity::v1::Event&, const Workflow& workflow,
                                            absl::Time deadline) override {
    const WebhookId webhook = {workflow.id.community, workflow.webhook};
    ASSIGN_OR_RETURN(const bool exists, sink_.WebhookExists(webhook, deadline));
    if (!exists) return WebhookNotFoundError(webhook);
    return absl::StrCat("{\"workflow\":", workflow.id.id, ",\"webhook\":", workflow.webhook, "}");
  }

 private:
  DeliverySink& sink_;
};

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_FAKES_FAKE_TARGET_DIRECTORY_H_
