#include "services/evaluator/domain/runs/member_changes.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/status/macros.h"
#include "services/evaluator/domain/workflows/run.h"

namespace crier::evaluator {
namespace {

using entity::v1::Event;
// Of one call of EnqueueDeliveries.
constexpr int kMaxErasures = 1'000;

using Names = google::protobuf::RepeatedPtrField<std::string>;

absl::Status AddContacts(const Names& names, std::vector<int64_t>& contacts) {
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const api::ResourceId id,
                     api::ParseResource("merged_contacts", api::kContacts, name));
    contacts.push_back(id.id);
  }
  return absl::OkStatus();
}

delivery::v1::Erasure ErasureOf(int64_t community, const std::string& contact) {
  delivery::v1::Erasure erasure;
  erasure.set_community_id(community);
  erasure.set_contact(contact);
  return erasure;
}

absl::Status AddErasureOfActivity(const Event& event, Erasures& erasures) {
  ASSIGN_OR_RETURN(const api::ResourceId activity,
                   api::ParseResource("activity.name", api::kActivities, event.activity().name()));
  *erasures.Add() = ErasureOf(
      event.community_id(),
      absl::StrCat(event.activity().contact().name(), "/", api::kActivities, "/", activity.id));
  return absl::OkStatus();
}

// What an event says is what the log holds: an error in it is not the caller's.
absl::Status Wrap(const Event& event, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  return absl::InternalError(absl::StrCat("the event at position ", event.position(),
                                          " names a contact in a way that is no name"));
}

}  // namespace

absl::StatusOr<Erasures> MemberChanges::Apply(const Frame& frame, absl::Time now,
                                              absl::FunctionRef<absl::Time()> deadline) {
  Erasures erasures;
  for (const Event& event : frame) {
    const int64_t community = event.community_id();
    switch (event.kind()) {
      case Event::CONTACT_MERGED:
        RETURN_IF_ERROR(Wrap(event, Merge(event, now, deadline())));
        break;
      case Event::CONTACT_DELETED:
        RETURN_IF_ERROR(Wrap(event, Erase(event, now, deadline())));
        *erasures.Add() = ErasureOf(community, event.deleted_contact());
        for (const std::string& merged : event.merged_contacts()) {
          *erasures.Add() = ErasureOf(community, merged);
        }
        break;
      case Event::ACTIVITY_ERASED:
        RETURN_IF_ERROR(Wrap(event, AddErasureOfActivity(event, erasures)));
        break;
      case Event::COMMUNITY_DELETED:
        RETURN_IF_ERROR(EraseCommunity(event, deadline()));
        *erasures.Add() = ErasureOf(community, "");
        break;
      default:
        break;
    }
  }
  RETURN_IF_ERROR(HandOverExcess(frame, erasures, deadline()));
  return erasures;
}

absl::Status MemberChanges::HandOverExcess(const Frame& frame, Erasures& erasures,
                                           absl::Time deadline) {
  if (erasures.size() <= kMaxErasures) return absl::OkStatus();
  // Frames of the same events have the same erasures, in the same order, so parts that were handed
  // over before a crash are known by their number. The events that came before the deletions are
  // erased in the log, so no message of this frame is about them.
  const std::string producer =
      absl::StrCat("evaluator/erasures/", frame.begin()->log_partition(), "/",
                   frame.begin()->position(), "-", frame.rbegin()->position());
  for (int64_t part = 0; erasures.size() > kMaxErasures; ++part) {
    Batch batch;
    batch.next_position = part + 1;
    for (int i = 0; i < kMaxErasures; ++i) batch.erasures.Add()->Swap(&erasures[i]);
    erasures.DeleteSubrange(0, kMaxErasures);
    RETURN_IF_ERROR(deliveries_.Enqueue(producer, part, std::move(batch), deadline).status());
  }
  return absl::OkStatus();
}

absl::Status MemberChanges::Merge(const Event& event, absl::Time now, absl::Time deadline) {
  // A later deletion has erased the winner's name from the event, and takes care of the ledger.
  if (event.contact().name().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const api::ResourceId winner,
                   api::ParseResource("contact.name", api::kContacts, event.contact().name()));
  std::vector<int64_t> losers;
  RETURN_IF_ERROR(AddContacts(event.merged_contacts(), losers));
  ASSIGN_OR_RETURN(const std::vector<ChangedPage> changed,
                   ledger_.Merge(event.community_id(), winner.id, losers, now, deadline));
  return Void(changed, deadline);
}

absl::Status MemberChanges::Erase(const Event& event, absl::Time now, absl::Time deadline) {
  std::vector<int64_t> contacts;
  RETURN_IF_ERROR(AddContacts(event.merged_contacts(), contacts));
  ASSIGN_OR_RETURN(const api::ResourceId deleted,
                   api::ParseResource("deleted_contact", api::kContacts, event.deleted_contact()));
  contacts.push_back(deleted.id);
  ASSIGN_OR_RETURN(const std::vector<ChangedPage> changed,
                   ledger_.Erase(event.community_id(), contacts, now, deadline));
  return Void(changed, deadline);
}

absl::Status MemberChanges::EraseCommunity(const Event& event, absl::Time deadline) {
  ASSIGN_OR_RETURN(const std::vector<ChangedPage> changed,
                   ledger_.EraseCommunity(event.community_id(), deadline));
  return Void(changed, deadline);
}

absl::Status MemberChanges::Void(const std::vector<ChangedPage>& pages, absl::Time deadline) {
  for (const ChangedPage& page : pages) {
    Batch nothing;
    nothing.next_position = page.position + 2;
    // Wherever the producer stands afterwards, it is past the page as it was: handed over before
    // this call, or never.
    RETURN_IF_ERROR(
        deliveries_.Enqueue(RunProducer(page.workflow), page.position, std::move(nothing), deadline)
            .status());
  }
  return absl::OkStatus();
}

}  // namespace crier::evaluator
