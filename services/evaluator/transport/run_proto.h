// Runs as the API shows them.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_RUN_PROTO_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_RUN_PROTO_H_

#include "crier/workflow/v1/run_service.pb.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator::transport {

workflow::v1::Run ToProto(const Run& run);

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_RUN_PROTO_H_
