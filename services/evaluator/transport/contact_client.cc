#include "services/evaluator/transport/contact_client.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/resource_name.h"
#include "common/api/time.h"
#include "common/rpc/status.h"
#include "common/status/macros.h"

namespace crier::evaluator::transport {
namespace {

using ingest::v1::EntityService;
using Contacts = google::protobuf::RepeatedPtrField<entity::v1::Contact>;
using Merged = google::protobuf::RepeatedPtrField<ingest::v1::MergedContacts>;

constexpr char kPeer[] = "ingest";
// As many as fit into one answer however large they are: contacts have 256 KiB at most.
constexpr size_t kContactsAtOnce = 50;

// What the peer refuses is the caller's to know: the criteria are not its.
absl::Status StatusOf(const absl::Status& status) {
  return absl::IsInvalidArgument(status) ? status : PeerStatus(status, kPeer);
}

absl::StatusOr<int64_t> IdOf(int64_t community, const std::string& name) {
  const auto id = api::ParseResource("name", api::kContacts, name);
  if (!id.ok() || id->community != community) {
    return absl::InternalError("the ingest service named a contact in a way that is no name");
  }
  return id->id;
}

absl::StatusOr<std::vector<FoundContact>> Read(int64_t community, Contacts& contacts,
                                               const Merged& merged) {
  std::vector<FoundContact> found;
  found.reserve(contacts.size());
  for (entity::v1::Contact& contact : contacts) {
    FoundContact one;
    ASSIGN_OR_RETURN(one.candidate.contact, IdOf(community, contact.name()));
    one.contact = std::move(contact);
    found.push_back(std::move(one));
  }
  for (const ingest::v1::MergedContacts& entry : merged) {
    ASSIGN_OR_RETURN(const int64_t winner, IdOf(community, entry.contact()));
    const auto one = std::lower_bound(
        found.begin(), found.end(), winner,
        [](const FoundContact& a, int64_t id) { return a.candidate.contact < id; });
    if (one == found.end() || one->candidate.contact != winner) continue;
    for (const std::string& name : entry.merged_contacts()) {
      ASSIGN_OR_RETURN(const int64_t loser, IdOf(community, name));
      one->candidate.merged.push_back(loser);
    }
  }
  return found;
}

// In the order of ids: parts of a request may have been merged into the same contact.
void KeepEachOnce(std::vector<FoundContact>& found) {
  const auto before = [](const FoundContact& a, const FoundContact& b) {
    return a.candidate.contact < b.candidate.contact;
  };
  std::sort(found.begin(), found.end(), before);
  const auto is_same = [&](const FoundContact& a, const FoundContact& b) { return !before(a, b); };
  found.erase(std::unique(found.begin(), found.end(), is_same), found.end());
}

class GrpcContactStream : public ContactStream {
 public:
  GrpcContactStream(std::shared_ptr<EntityService::Stub> stub, int64_t community,
                    const ingest::v1::StreamContactsRequest& request, absl::Time deadline)
      : stub_(std::move(stub)), community_(community) {
    context_.set_deadline(absl::ToChronoTime(deadline));
    reader_ = stub_->StreamContacts(&context_, request);
  }

  ~GrpcContactStream() override {
    if (ended_) return;
    context_.TryCancel();
    reader_->Finish();
  }

  absl::StatusOr<std::vector<FoundContact>> Next() override {
    ingest::v1::StreamContactsResponse frame;
    if (!ended_ && reader_->Read(&frame)) {
      return Read(community_, *frame.mutable_contacts(), frame.merged());
    }
    if (!ended_) status_ = StatusOf(rpc::FromGrpc(reader_->Finish()));
    ended_ = true;
    RETURN_IF_ERROR(status_);
    return std::vector<FoundContact>();
  }

 private:
  const std::shared_ptr<EntityService::Stub> stub_;
  const int64_t community_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<ingest::v1::StreamContactsResponse>> reader_;
  bool ended_ = false;
  absl::Status status_;
};

// A stream that never began.
class NoStream : public ContactStream {
 public:
  absl::StatusOr<std::vector<FoundContact>> Next() override {
    return PeerStatus(NotConnectedError(), kPeer);
  }
};

}  // namespace

std::unique_ptr<ContactStream> ContactClient::Stream(int64_t community, const std::string& filter,
                                                     absl::Time evaluate_time, int64_t after,
                                                     absl::Time deadline) {
  const auto stub = stub_.Get();
  if (stub == nullptr) return std::make_unique<NoStream>();
  ingest::v1::StreamContactsRequest request;
  request.set_parent(api::CommunityName(community));
  request.set_filter(filter);
  *request.mutable_evaluate_time() = api::ToProto(evaluate_time);
  if (after > 0) request.set_after_contact(api::ResourceName(api::kContacts, {community, after}));
  return std::make_unique<GrpcContactStream>(stub, community, request, deadline);
}

absl::StatusOr<int64_t> ContactClient::Count(int64_t community, const std::string& filter,
                                             absl::Time evaluate_time, absl::Time deadline) {
  ingest::v1::CountContactsRequest request;
  request.set_parent(api::CommunityName(community));
  request.set_filter(filter);
  *request.mutable_evaluate_time() = api::ToProto(evaluate_time);
  ingest::v1::CountResponse response;
  RETURN_IF_ERROR(
      StatusOf(stub_.Call(&EntityService::Stub::CountContacts, request, response, deadline)));
  return response.count();
}

absl::StatusOr<std::vector<FoundContact>> ContactClient::Get(int64_t community,
                                                             const std::vector<int64_t>& ids,
                                                             absl::Time deadline) {
  std::vector<FoundContact> found;
  for (size_t begin = 0; begin < ids.size(); begin += kContactsAtOnce) {
    ingest::v1::BatchGetContactsRequest request;
    request.set_parent(api::CommunityName(community));
    const size_t end = std::min(ids.size(), begin + kContactsAtOnce);
    for (size_t i = begin; i < end; ++i) {
      request.add_names(api::ResourceName(api::kContacts, {community, ids[i]}));
    }
    ingest::v1::BatchGetContactsResponse response;
    RETURN_IF_ERROR(PeerStatus(
        stub_.Call(&EntityService::Stub::BatchGetContacts, request, response, deadline), kPeer));
    ASSIGN_OR_RETURN(std::vector<FoundContact> part,
                     Read(community, *response.mutable_contacts(), response.merged()));
    std::move(part.begin(), part.end(), std::back_inserter(found));
  }
  KeepEachOnce(found);
  return found;
}

}  // namespace crier::evaluator::transport
