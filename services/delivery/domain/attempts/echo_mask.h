// What receivers send back of what they were sent.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_ECHO_MASK_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_ECHO_MASK_H_

#include "services/delivery/domain/attempts/sender.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// Masks the webhook's secret, and the values of its custom headers, where the response repeats
// them, as receivers do that show what they got; also the beginning of one, where what was kept of
// the response ends within it. What has less than six bytes is left: it would be found by chance.
void MaskEchoes(const Webhook& webhook, AttemptResult& result);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_ATTEMPTS_ECHO_MASK_H_
