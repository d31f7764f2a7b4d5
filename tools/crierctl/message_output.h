// Protobuf messages for programs and for people.
#ifndef CRIER_TOOLS_CRIERCTL_MESSAGE_OUTPUT_H_
#define CRIER_TOOLS_CRIERCTL_MESSAGE_OUTPUT_H_

#include <string>

#include "crier/delivery/v1/webhook_service.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace crier::crierctl {

// The protobuf JSON form, laid out for reading, with a line break at the end. What lists is there
// also when it is empty, as `[]`, so that programs need not tell an empty page from none.
std::string MessageJson(const google::protobuf::Message& message);

// The same of what counts: with every zero.
std::string CountsJson(const google::protobuf::Message& message);

// `2023-04-17 10:21:26Z`; empty when the time is unset.
std::string TimeText(const google::protobuf::Timestamp& time, bool is_set);

// When the next attempt is due; `due since 2023-04-17 10:21:26Z` when that is past, because its
// webhook is paused, its receiver left alone for a while, or others come first.
std::string NextAttemptText(const google::protobuf::Timestamp& time, bool is_set);

// `accepted (200)`, `refused (500)`, `timed out`, `unreachable`, `TLS failed`.
std::string OutcomeText(const delivery::v1::Exchange& exchange);

// A whole exchange: request line and headers, body, response, error.
std::string ExchangeText(const delivery::v1::Exchange& exchange);

// A body as it can be shown: JSON laid out, anything else made printable.
std::string BodyText(const std::string& body);

}  // namespace crier::crierctl

#endif  // CRIER_TOOLS_CRIERCTL_MESSAGE_OUTPUT_H_
