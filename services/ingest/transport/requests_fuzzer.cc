// Records of callers, of any content: each is refused for a reason, or has a normal form whose
// normal form is itself, so that what was read from here can be sent here.
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "crier/ingest/v1/ingest_service.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "services/ingest/transport/requests.h"
#include "tests/support/fuzzing.h"

namespace crier::ingest::transport {
namespace {

using tests::FuzzCheck;

// Maps in the order of their keys.
std::string BytesOf(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

absl::StatusOr<Record> Read(const v1::BatchIngestItem& item) {
  return ToRecord(std::make_shared<v1::BatchIngestItem>(item));
}

// Puts what was read in the place of what was sent.
void PutBack(const Record& record, v1::BatchIngestItem& item) {
  if (const auto* const contact = std::get_if<ContactRecord>(&record.content)) {
    *item.mutable_contact()->mutable_contact() = *contact->contact;
  } else if (const auto* const activity = std::get_if<ActivityRecord>(&record.content)) {
    *item.mutable_activity()->mutable_activity() = *activity->activity;
  } else {
    *item.mutable_organization()->mutable_organization() =
        std::get<OrganizationRecord>(record.content).organization;
  }
}

void CheckContact(const ContactRecord& once, const ContactRecord& twice) {
  FuzzCheck(BytesOf(*once.contact) == BytesOf(*twice.contact),
            "the normal form of a contact is its own");
  FuzzCheck(once.identities == twice.identities, "a contact keeps its identities");
  FuzzCheck(once.names_organization == twice.names_organization,
            "and whether it names an organization");
}

void CheckContent(const Record& once, const Record& twice) {
  if (const auto* const contact = std::get_if<ContactRecord>(&once.content)) {
    CheckContact(*contact, std::get<ContactRecord>(twice.content));
  } else if (const auto* const activity = std::get_if<ActivityRecord>(&once.content)) {
    const auto& again = std::get<ActivityRecord>(twice.content);
    FuzzCheck(BytesOf(*activity->activity) == BytesOf(*again.activity),
              "the normal form of an activity is its own");
    CheckContact(activity->contact, again.contact);
  } else {
    FuzzCheck(BytesOf(std::get<OrganizationRecord>(once.content).organization) ==
                  BytesOf(std::get<OrganizationRecord>(twice.content).organization),
              "the normal form of an organization is its own");
  }
}

void CheckItem(v1::BatchIngestItem item) {
  const absl::StatusOr<Record> once = Read(item);
  if (!once.ok()) {
    FuzzCheck(absl::IsInvalidArgument(once.status()), "what is wrong is the argument");
    return;
  }
  const absl::StatusOr<Record> repeated = Read(item);
  FuzzCheck(repeated.ok() && repeated->request.id == once->request.id &&
                repeated->request.fingerprint == once->request.fingerprint,
            "a repeat is recognised");
  PutBack(*once, item);
  const absl::StatusOr<Record> twice = Read(item);
  FuzzCheck(twice.ok(), "what was read can be sent");
  CheckContent(*once, *twice);
}

}  // namespace
}  // namespace crier::ingest::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const google::protobuf::LogSilencer silencer;  // most of it is no UTF-8
  crier::ingest::v1::BatchIngestItem item;
  if (item.ParseFromArray(data, static_cast<int>(size)))
    crier::ingest::transport::CheckItem(std::move(item));
  return 0;
}
