// Which event fires which workflow. Pure functions.
#ifndef CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_MATCHER_H_
#define CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_MATCHER_H_

#include <cstdint>
#include <vector>

#include "crier/delivery/v1/delivery_service.pb.h"
#include "crier/entity/v1/event.pb.h"
#include "services/evaluator/domain/matching/match_index.h"

namespace crier::evaluator {

// Messages in the order of their events' positions.
using Messages = google::protobuf::RepeatedPtrField<delivery::v1::EnqueueMessage>;

using Erasures = google::protobuf::RepeatedPtrField<delivery::v1::Erasure>;

// A part of a frame's messages that is handed over in one call.
struct Batch {
  Messages messages;
  // Everything up to and including this position is evaluated once the batch is stored.
  int64_t next_position = 0;
  // Contacts and communities to be erased from what was handed over before and with this batch.
  Erasures erasures = {};
};

// What one call of EnqueueDeliveries takes.
struct BatchLimits {
  int max_messages = 1'000;
  int max_targets = 10'000;
};

// A message for every event that fires at least one workflow, with the targets in the order of
// workflow ids. The events that fire are moved from.
Messages Match(const MatchIndex& index,
               google::protobuf::RepeatedPtrField<entity::v1::Event>& events);

// Splits messages between events so that each batch keeps the limits; the targets of one event stay
// together. The last batch ends at `last_position`, every other one at its last message. No batch
// when there are no messages.
std::vector<Batch> SplitIntoBatches(Messages messages, int64_t last_position,
                                    const BatchLimits& limits);

}  // namespace crier::evaluator

#endif  // CRIER_SERVICES_EVALUATOR_DOMAIN_MATCHING_MATCHER_H_
