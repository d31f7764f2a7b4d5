// The documented samples, as the entities that they are made from.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_SAMPLES_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_SAMPLES_H_

#include "crier/entity/v1/event.pb.h"
#include "services/delivery/domain/payloads/payload.h"

namespace crier::delivery {

// Events whose payloads are, to the byte, the samples of the documentation; so they belong to its
// community 123.
entity::v1::Event SampleContactEvent();
entity::v1::Event SampleOrganizationEvent();
entity::v1::Event SampleActivityEvent();

// What an enveloped sample names as its source.
WorkflowRef SampleWorkflow();

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_SAMPLES_H_
