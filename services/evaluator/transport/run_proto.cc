#include "services/evaluator/transport/run_proto.h"

#include "common/api/time.h"

namespace crier::evaluator::transport {
namespace {

using V1Run = workflow::v1::Run;

V1Run::State ToProto(RunState state) {
  switch (state) {
    case RunState::kPending:
      return V1Run::PENDING;
    case RunState::kRunning:
      return V1Run::RUNNING;
    case RunState::kSucceeded:
      return V1Run::SUCCEEDED;
    case RunState::kFailed:
      return V1Run::FAILED;
    case RunState::kCancelled:
      return V1Run::CANCELLED;
  }
}

V1Run::Trigger ToProto(RunTrigger trigger) {
  switch (trigger) {
    case RunTrigger::kEnable:
      return V1Run::ENABLE;
    case RunTrigger::kSchedule:
      return V1Run::SCHEDULE;
    case RunTrigger::kManual:
      return V1Run::MANUAL;
  }
}

V1Run::Hold ToProto(RunHold hold) {
  switch (hold) {
    case RunHold::kNone:
      return V1Run::HOLD_UNSPECIFIED;
    case RunHold::kDailyCap:
      return V1Run::DAILY_CAP;
    case RunHold::kCommunityRate:
      return V1Run::COMMUNITY_RATE;
    case RunHold::kRetry:
      return V1Run::RETRY;
  }
}

}  // namespace

V1Run ToProto(const Run& run) {
  V1Run proto;
  proto.set_name(RunName(run.id));
  proto.set_state(ToProto(run.state));
  proto.set_trigger(ToProto(run.trigger));
  proto.set_hold(ToProto(run.hold));
  if (run.hold != RunHold::kNone) *proto.mutable_hold_until_time() = api::ToProto(run.hold_until);
  proto.set_error(run.error);
  proto.set_full_scan(run.start_time && !run.scope.changed_since);
  if (run.expected_count) proto.set_expected_count(*run.expected_count);
  proto.set_matched_count(run.matched_count);
  proto.set_sent_count(run.sent_count);
  proto.set_skipped_count(run.skipped_count);
  *proto.mutable_create_time() = api::ToProto(run.create_time);
  if (run.start_time) *proto.mutable_start_time() = api::ToProto(*run.start_time);
  if (run.end_time) *proto.mutable_end_time() = api::ToProto(*run.end_time);
  return proto;
}

}  // namespace crier::evaluator::transport
