// Short ways to write records in tests, and to say what became of them.
#ifndef CRIER_SERVICES_INGEST_DOMAIN_FAKES_TEST_RECORDS_H_
#define CRIER_SERVICES_INGEST_DOMAIN_FAKES_TEST_RECORDS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/ingest/domain/records/normalize.h"
#include "services/ingest/domain/records/record.h"
#include "services/ingest/domain/writing/entity_store.h"
#include "services/ingest/domain/writing/reconcile.h"

namespace crier::ingest {

inline entity::v1::Sighting Seen(const std::string& source, int64_t seconds) {
  entity::v1::Sighting sighting;
  sighting.set_source(source);
  sighting.mutable_seen_time()->set_seconds(seconds);
  return sighting;
}

inline entity::v1::Contact ContactWith(const std::vector<std::string>& emails) {
  entity::v1::Contact contact;
  for (const std::string& email : emails) contact.add_all_emails(email);
  return contact;
}

inline Record ContactOf(int64_t community, entity::v1::Contact contact,
                        std::vector<entity::v1::Sighting> sightings = {Seen("Test", 1000)}) {
  return {community, Normalize(community, std::make_shared<entity::v1::Contact>(std::move(contact)),
                               std::move(sightings))};
}

inline Record OrganizationOf(int64_t community, const std::string& domain,
                             const std::string& display_name) {
  entity::v1::Organization organization;
  organization.set_domain(domain);
  organization.set_display_name(display_name);
  return {community, Normalize(std::move(organization))};
}

inline Record ActivityOf(int64_t community, const std::string& external_id,
                         entity::v1::Contact contact, const std::string& title = "title") {
  const auto activity = std::make_shared<entity::v1::Activity>();
  activity->set_activity_type("DiscordPost");
  activity->set_service_name("Discord");
  activity->set_external_id(external_id);
  activity->set_title(title);
  activity->mutable_occur_time()->set_seconds(1000);
  *activity->mutable_contact() = std::move(contact);
  return {community, Normalize(community, activity)};
}

// `CREATED name`, for example.
inline std::string OutcomeAndName(const Ingested& ingested) {
  static const char* const kOutcomes[] = {"CREATED", "UPDATED", "UNCHANGED"};
  return absl::StrCat(kOutcomes[static_cast<int>(ingested.outcome)], " ", ingested.name);
}

// One batch, as Reconcile() decides; the outcome and the name of each record, or the code of its
// error; of a transaction that failed, nothing but its status.
inline std::vector<std::string> IngestInto(EntityStore& store, const std::vector<Record>& records,
                                           absl::Time now) {
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  const auto changes = store.Transact(LookupOf(records), deadline, [&](Known known) {
    return Reconcile(records, std::move(known), now);
  });
  if (!changes.ok()) return {changes.status().ToString()};
  std::vector<std::string> outcomes;
  for (const auto& result : changes->results) {
    outcomes.push_back(result.ok() ? OutcomeAndName(*result)
                                   : absl::StatusCodeToString(result.status().code()));
  }
  return outcomes;
}

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_DOMAIN_FAKES_TEST_RECORDS_H_
