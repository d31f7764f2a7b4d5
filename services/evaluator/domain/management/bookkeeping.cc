#include "services/evaluator/domain/management/bookkeeping.h"

#include "common/log/log.h"
#include "common/status/macros.h"

namespace crier::evaluator {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(10);

}  // namespace

absl::Duration Bookkeeping::Run() {
  Flush();
  const absl::Status stopped = StopWorkflowsOf(record_.TakeMissing());
  if (!stopped.ok()) {
    log::Info("workflows of deleted webhooks were not stopped; the next look does it",
              {{"status", stopped}});
  }
  if (clock_.Monotonic() >= next_check_) {
    const absl::Status checked = CheckAllWebhooks();
    if (checked.ok()) {
      next_check_ = clock_.Monotonic() + kCheckEvery;
    } else {
      log::Info("the webhooks of workflows could not be looked at; trying again soon",
                {{"status", checked}});
    }
  }
  return kFlushEvery;
}

void Bookkeeping::Flush() {
  const std::vector<FireCount> counts = record_.TakeCounts();
  if (counts.empty()) return;
  const absl::Status stored = statistics_.Add(counts, clock_.Now() + kCallTimeout);
  if (stored.ok()) return;
  // Not tried again: after a lost answer it may be stored all the same, and would count twice.
  log::Warning("statistics of workflows are missing what could not be stored",
               {{"status", stored}});
}

absl::Status Bookkeeping::StopWorkflowsOf(const std::vector<WebhookId>& missing) {
  for (const WebhookId& webhook : missing) {
    ASSIGN_OR_RETURN(const std::vector<WorkflowId> senders,
                     store_.EnabledSenders(webhook, clock_.Now() + kCallTimeout));
    for (const WorkflowId& workflow : senders) {
      RETURN_IF_ERROR(
          workflows_.StopWithoutWebhook(workflow, webhook.id, clock_.Now() + kCallTimeout));
      log::Info("stopped a workflow whose webhook was deleted",
                {{"community", workflow.community}, {"workflow", workflow.id}});
    }
  }
  return absl::OkStatus();
}

absl::Status Bookkeeping::CheckAllWebhooks() {
  WebhookId after;
  while (true) {
    ASSIGN_OR_RETURN(
        const std::vector<WebhookId> webhooks,
        store_.EnabledWebhooks(after, TargetDirectory::kMaxWebhooks, clock_.Now() + kCallTimeout));
    if (webhooks.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<WebhookId> missing,
                     targets_.FindMissing(webhooks, clock_.Now() + kCallTimeout));
    RETURN_IF_ERROR(StopWorkflowsOf(missing));
    after = webhooks.back();
  }
}

}  // namespace crier::evaluator
