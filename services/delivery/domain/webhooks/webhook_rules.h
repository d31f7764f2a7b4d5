// What a webhook must be like to be stored or sent to.
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_RULES_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_RULES_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "services/delivery/domain/webhooks/url_policy.h"
#include "services/delivery/domain/webhooks/webhook.h"

namespace crier::delivery {

// The settings that a customer may change, by their names in the API.
const std::vector<std::string>& WebhookSettings();

// Checks the settings of `webhook` that `fields` names, and adds what is wrong as
// `webhook.<field>`, headers as `webhook.custom_headers["<name>"]`.
void CheckWebhook(const Webhook& webhook, const std::set<std::string>& fields,
                  const UrlPolicy& policy, FieldViolations& violations);

// Callers are shown kMask in place of the values of custom headers. Adds those of `webhook` that
// have it as their value, unless `stored`, the headers that it has so far, has one to keep.
void CheckMaskedHeaders(const Webhook& webhook, const std::map<std::string, std::string>& stored,
                        FieldViolations& violations);

// Copies the settings that `fields` names from one webhook to another, whose failures are forgotten
// with its URL. Custom headers with the value kMask keep theirs.
void CopySettings(const Webhook& from, const std::set<std::string>& fields, Webhook& to);

}  // namespace crier::delivery

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_WEBHOOKS_WEBHOOK_RULES_H_
