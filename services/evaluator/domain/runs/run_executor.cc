#include "services/evaluator/domain/runs/run_executor.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/macros.h"
#include "common/trace/span.h"
#include "services/evaluator/domain/errors.h"

namespace crier::evaluator {
namespace {

// Another replica has taken over, or a caller has changed something: whoever is next sees how
// things are.
bool IsOvertaken(const absl::Status& status) {
  return absl::IsAborted(status) || ErrorReason(status) == ErrorReason(LeaseLostError()) ||
         absl::IsNotFound(status);
}

// Trying again will not help before somebody changes something.
bool IsPermanent(const absl::Status& status) { return absl::IsInvalidArgument(status); }

Messages MakeMessages(const RunTask& task, const PendingPage& page, const std::string& traceparent,
                      std::vector<FoundContact> members) {
  const int64_t community = task.workflow.community;
  Messages messages;
  messages.Reserve(static_cast<int>(members.size()));
  for (FoundContact& member : members) {
    auto* const message = messages.Add();
    entity::v1::Event& event = *message->mutable_event();
    event.set_community_id(community);
    event.set_kind(entity::v1::Event::CONTACT_UPDATED);
    // When it was decided on: the contact itself may not have changed for years.
    *event.mutable_accept_time() = api::ToProto(page.decide_time);
    event.set_traceparent(traceparent);
    *event.mutable_contact() = std::move(member.contact);
    auto* const target = message->add_targets();
    target->set_webhook(api::ResourceName(api::kWebhooks, {community, page.destination.webhook}));
    target->set_workflow(api::ResourceName(api::kWorkflows, task.workflow));
    target->set_workflow_display_name(page.destination.display_name);
  }
  return messages;
}

// Those of `found` whose ids are in `ids`; both in the order of ids.
std::vector<FoundContact> Select(std::vector<FoundContact> found, const std::vector<int64_t>& ids) {
  std::erase_if(found, [&](const FoundContact& one) {
    return !std::binary_search(ids.begin(), ids.end(), one.candidate.contact);
  });
  return found;
}

size_t SizeOf(const std::vector<FoundContact>& members) {
  size_t bytes = 0;
  for (const FoundContact& member : members) bytes += member.contact.ByteSizeLong();
  return bytes;
}

absl::Status SetBackError(int64_t standing, int64_t position) {
  return absl::InternalError(absl::StrCat("the producer of a workflow stands at ", standing,
                                          ", before ", position,
                                          ": the delivery database was set back"));
}

absl::Duration RetryDelay(const RunOptions& options, int failures) {
  absl::Duration wait = options.min_backoff;
  for (int i = 1; i < failures && wait < options.max_backoff; ++i) wait *= 2;
  return std::min(wait, options.max_backoff);
}

}  // namespace

bool RunExecutor::Work(const Fence& fence, const WorkflowId& workflow,
                       const std::function<bool()>& stop) {
  absl::StatusOr<RunTask> task = store_.Load(workflow, Deadline());
  if (!task.ok()) {
    log::Warning("a run could not be looked up", {{"status", task.status()}});
    return false;
  }
  const absl::Status status = WorkOn(fence, *task, stop);
  return status.ok() || Failed(fence, *task, status);
}

absl::Status RunExecutor::WorkOn(const Fence& fence, RunTask& task,
                                 const std::function<bool()>& stop) {
  // Again when a merge or a deletion has changed the page meanwhile.
  while (task.pending) RETURN_IF_ERROR(HandOverPending(fence, task));
  if (!task.run) return absl::OkStatus();
  if (task.run->state == RunState::kPending || task.run->scope.filter != task.filter) {
    ASSIGN_OR_RETURN(const bool started, Start(fence, task));
    if (!started) return absl::OkStatus();
  }
  return Scan(fence, task, stop);
}

absl::Status RunExecutor::HandOverPending(const Fence& fence, RunTask& task) {
  const PendingPage page = *task.pending;
  const int64_t community = task.workflow.community;
  std::vector<FoundContact> members;
  if (!page.contacts.empty()) {
    ASSIGN_OR_RETURN(members, contacts_.Get(community, page.contacts, Deadline()));
  }
  // One that comes under another name was merged, and the ledger may not have heard of it yet. It
  // was decided on as the one it was; unless it was sent as the one it is, it is sent.
  std::vector<int64_t> parts;
  for (const FoundContact& member : members) {
    const Candidate& candidate = member.candidate;
    const auto add = [&](int64_t part) {
      if (!std::binary_search(page.contacts.begin(), page.contacts.end(), part)) {
        parts.push_back(part);
      }
    };
    add(candidate.contact);
    std::for_each(candidate.merged.begin(), candidate.merged.end(), add);
  }
  if (!parts.empty()) {
    ASSIGN_OR_RETURN(const ContactSet sent, store_.Sent(task.workflow, parts, Deadline()));
    std::erase_if(members, [&](const FoundContact& member) {
      const Candidate& candidate = member.candidate;
      const auto was_sent = [&](int64_t part) { return sent.contains(part); };
      return was_sent(candidate.contact) ||
             std::any_of(candidate.merged.begin(), candidate.merged.end(), was_sent);
    });
  }
  if (SizeOf(members) > options_.max_page_bytes) return Halve(fence, task);
  return HandOver(fence, task, page, std::move(members));
}

absl::Status RunExecutor::Halve(const Fence& fence, RunTask& task) {
  // First of all: the page as it is has arrived by now, or never does. What is undecided afterwards
  // could arrive twice otherwise.
  Batch nothing;
  nothing.next_position = task.position + 2;
  ASSIGN_OR_RETURN(const int64_t standing,
                   deliveries_.Enqueue(RunProducer(task.workflow), task.position,
                                       std::move(nothing), Deadline()));
  if (standing <= task.position) return SetBackError(standing, task.position);
  RETURN_IF_ERROR(standing == task.position + 1 ? store_.Settle(fence, task, standing, Deadline())
                                                : store_.Halve(fence, task, standing, Deadline()));
  // Its cursor has gone back: the next slice begins there.
  task.run.reset();
  return ReloadPending(task);
}

absl::Status RunExecutor::ReloadPending(RunTask& task) {
  ASSIGN_OR_RETURN(RunTask now, store_.Load(task.workflow, Deadline()));
  task.pending = std::move(now.pending);
  task.position = now.position;
  if (task.run && now.run) task.run->cursor = std::max(task.run->cursor, now.run->cursor);
  return absl::OkStatus();
}

absl::Status RunExecutor::HandOver(const Fence& fence, RunTask& task, const PendingPage& page,
                                   std::vector<FoundContact> members) {
  const auto count = static_cast<int64_t>(members.size());
  const int64_t next = task.position + 1;
  // No caller began this: each page is a trace of its own, which its deliveries continue.
  trace::Span span("evaluator.hand_over_page", trace::SpanKind::kProducer, trace::BeginTrace());
  const trace::Scope trace_scope(span.context());
  span.Set("crier.members", count);
  Batch batch;
  batch.messages =
      MakeMessages(task, page, trace::FormatTraceparent(span.context()), std::move(members));
  batch.next_position = next;
  ASSIGN_OR_RETURN(
      const int64_t standing,
      deliveries_.Enqueue(RunProducer(task.workflow), task.position, std::move(batch), Deadline()));
  if (standing < next) return SetBackError(standing, task.position);
  RETURN_IF_ERROR(store_.Settle(fence, task, standing, Deadline()));
  task.position = standing;
  // Somebody has changed the page: it is handed over anew, as it is now.
  if (standing != next) return ReloadPending(task);
  task.pending.reset();
  rate_.Take(task.workflow.community, count, clock_.Monotonic());
  metrics_.members.Increment(static_cast<double>(count));
  return absl::OkStatus();
}

absl::StatusOr<bool> RunExecutor::Start(const Fence& fence, RunTask& task) {
  const int64_t community = task.workflow.community;
  // Before the first contact is read: every change that the run may not see comes after it.
  ASSIGN_OR_RETURN(const LogHead head, events_.Head(community, Deadline()));
  std::optional<absl::Time> head_time;
  if (head.accept_time != absl::InfinitePast()) head_time = head.accept_time;
  const RunScope scope =
      MakeRunScope(task.filter, task.last_scan, task.run->full_scan_wanted, head_time, Now());
  ASSIGN_OR_RETURN(const int64_t expected,
                   contacts_.Count(community, SearchFilter(scope), scope.evaluate_time,
                                   absl::Now() + options_.count_timeout));
  ASSIGN_OR_RETURN(const bool started,
                   store_.Start(fence, task, scope, expected, Now(), Deadline()));
  task.run->state = RunState::kRunning;
  task.run->scope = scope;
  task.run->cursor = 0;
  return started;
}

absl::Status RunExecutor::Scan(const Fence& fence, RunTask& task,
                               const std::function<bool()>& stop) {
  const Run& run = *task.run;
  const absl::Duration end = clock_.Monotonic() + options_.slice;
  const std::unique_ptr<ContactStream> stream =
      contacts_.Stream(task.workflow.community, SearchFilter(run.scope), run.scope.evaluate_time,
                       run.cursor, Deadline() + options_.slice);
  while (!stop() && clock_.Monotonic() < end) {
    ASSIGN_OR_RETURN(std::vector<FoundContact> page, stream->Next());
    if (page.empty()) {
      RETURN_IF_ERROR(store_.Finish(fence, task, RunState::kSucceeded, "", Now(), Deadline()));
      metrics_.succeeded.Increment();
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const bool go_on, DoPage(fence, task, std::move(page)));
    if (!go_on) return absl::OkStatus();
  }
  // To the end of the line.
  return Hold(fence, task, RunHold::kNone, Now());
}

absl::StatusOr<bool> RunExecutor::DoPage(const Fence& fence, RunTask& task,
                                         std::vector<FoundContact> page) {
  const int64_t community = task.workflow.community;
  std::vector<Candidate> candidates;
  candidates.reserve(page.size());
  for (const FoundContact& found : page) candidates.push_back(found.candidate);
  const int64_t allowance = rate_.Allowance(community, clock_.Monotonic());
  const absl::Time now = Now();
  ASSIGN_OR_RETURN(const DecidedPage decided,
                   store_.Decide(fence, task, candidates, allowance, now, Deadline()));
  if (decided.outcome != DecidedPage::Outcome::kDecided) return false;

  task.run->cursor = decided.decision.cursor;
  if (!decided.decision.send.empty()) {
    task.pending = {decided.decision.send, decided.destination, now};
    RETURN_IF_ERROR(
        HandOver(fence, task, *task.pending, Select(std::move(page), decided.decision.send)));
    while (task.pending) RETURN_IF_ERROR(HandOverPending(fence, task));
    if (!task.run) return false;
  }
  if (!decided.decision.cut) return true;
  RETURN_IF_ERROR(decided.capped_until
                      ? Hold(fence, task, RunHold::kDailyCap, *decided.capped_until)
                      : Hold(fence, task, RunHold::kCommunityRate,
                             now + rate_.UntilFull(community, clock_.Monotonic())));
  return false;
}

absl::Status RunExecutor::Hold(const Fence& fence, const RunTask& task, RunHold hold,
                               absl::Time until) {
  return store_.Postpone(fence, task, {.hold = hold, .until = until}, Deadline());
}

bool RunExecutor::Failed(const Fence& fence, const RunTask& task, const absl::Status& reason) {
  const std::string workflow = api::ResourceName(api::kWorkflows, task.workflow);
  if (IsOvertaken(reason) || !task.run) {
    log::Info("a run was interrupted", {{"workflow", workflow}, {"status", reason}});
    return false;
  }
  const int failures = task.run->failures + 1;
  const bool give_up = IsPermanent(reason) || failures >= options_.max_failures;
  log::Write(give_up ? log::Level::kError : log::Level::kWarning,
             give_up ? "a run was given up" : "a run is to be tried again",
             {{"workflow", workflow}, {"failures", failures}, {"status", reason}});
  const std::string error(reason.message());
  const absl::Status stored =
      give_up ? store_.Finish(fence, task, RunState::kFailed, error, Now(), Deadline())
              : store_.Postpone(fence, task,
                                {.hold = RunHold::kRetry,
                                 .until = Now() + RetryDelay(options_, failures),
                                 .failures = failures,
                                 .error = error},
                                Deadline());
  (give_up ? metrics_.failed : metrics_.retries).Increment();
  if (!stored.ok()) log::Warning("a failure of a run could not be stored", {{"status", stored}});
  return stored.ok();
}

}  // namespace crier::evaluator
