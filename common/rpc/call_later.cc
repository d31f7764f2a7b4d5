#include "common/rpc/call_later.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include <memory>
#include <utility>

namespace crier::rpc {

void CallLater(absl::Duration delay, std::function<void()> call) {
  const gpr_timespec deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_millis(absl::ToInt64Milliseconds(delay), GPR_TIMESPAN));
  // Lives until it has gone off.
  auto alarm = std::make_shared<grpc::Alarm>();
  alarm->Set(deadline, [alarm, call = std::move(call)](bool) mutable {
    call();
    alarm.reset();
  });
}

}  // namespace crier::rpc
