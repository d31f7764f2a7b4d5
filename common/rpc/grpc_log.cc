#include "common/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include "common/log/log.h"

namespace crier::rpc {
namespace {

void Forward(gpr_log_func_args* args) {
  const bool error = args->severity == GPR_LOG_SEVERITY_ERROR;
  log::Write(error ? log::Level::kWarning : log::Level::kDebug, "grpc",
             {{"detail", args->message}});
}

}  // namespace

void RouteGrpcLog() { gpr_set_log_function(&Forward); }

}  // namespace crier::rpc
