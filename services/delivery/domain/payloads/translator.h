// From protobuf entities to the documented payloads, version 202304.
//
// What is documented is kept to the letter, unevenness included: the order of keys is another in
// each object, `firstSeenSignal` stands beside `lastSeenSource`, tags are objects in a contact and
// strings in an activity. What is unknown is absent: never null, "" or [].
#ifndef CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_TRANSLATOR_H_
#define CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_TRANSLATOR_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "crier/entity/v1/activity.pb.h"
#include "crier/entity/v1/contact.pb.h"
#include "crier/entity/v1/organization.pb.h"
#include "services/delivery/domain/payloads/json_writer.h"

namespace crier::delivery::v202304 {

// What an activity's payload needs beside the activity.
struct ActivityContext {
  int64_t community = 0;
  absl::string_view app_base_url;  // of `commonRoomActivityUrl`; no slash at the end
  bool member_alias = false;       // repeat `contact` under `member`
};

// Each writes one JSON object.
void WriteContact(const entity::v1::Contact& contact, JsonWriter& json);
void WriteOrganization(const entity::v1::Organization& organization, JsonWriter& json);
void WriteActivity(const entity::v1::Activity& activity, const ActivityContext& context,
                   JsonWriter& json);

}  // namespace crier::delivery::v202304

#endif  // CRIER_SERVICES_DELIVERY_DOMAIN_PAYLOADS_TRANSLATOR_H_
