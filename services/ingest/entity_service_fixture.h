// EntityService over real gRPC, with contacts to ask for.
#ifndef CRIER_SERVICES_INGEST_ENTITY_SERVICE_FIXTURE_H_
#define CRIER_SERVICES_INGEST_ENTITY_SERVICE_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/ingest/server_test_fixture.h"

namespace crier::ingest {

class EntityServiceTest : public ServerTest {
 protected:
  using Stub = v1::EntityService::Stub;

  EntityServiceTest() { replica_.WaitUntilReady(); }

  // A contact for each name, `anna` with anna@example.com; ids are 1, 2, … in their order.
  void AddContacts(const std::vector<std::string>& names) {
    v1::BatchIngestRequest batch;
    for (const std::string& name : names) {
      v1::UpsertContactRequest& request = *batch.add_items()->mutable_contact();
      request.set_parent("communities/1");
      request.mutable_contact()->set_full_name(name);
      request.mutable_contact()->set_primary_email(absl::StrCat(name, "@example.com"));
      request.add_sightings()->set_source("Test");
    }
    v1::BatchIngestResponse response;
    ASSERT_EQ(Ingest(replica_, batch, &response), absl::OkStatus());
  }

  template <typename Method, typename Request, typename Response>
  absl::Status Ask(Method method, const Request& request, Response* response) {
    return Call(*replica_.entities, method, request, response);
  }

  static v1::ListContactsRequest ListRequest(const std::string& filter = "",
                                             const std::string& order_by = "") {
    v1::ListContactsRequest request;
    request.set_parent("communities/1");
    request.set_filter(filter);
    request.set_order_by(order_by);
    return request;
  }

  static std::vector<std::string> NamesIn(
      const google::protobuf::RepeatedPtrField<entity::v1::Contact>& contacts) {
    std::vector<std::string> names;
    for (const entity::v1::Contact& contact : contacts) names.push_back(contact.full_name());
    return names;
  }

  // All frames of a stream; how it ended.
  template <typename Request, typename Response>
  absl::Status ReadStream(std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(
                              grpc::ClientContext*, const Request&),
                          const Request& request, std::vector<Response>* frames) {
    grpc::ClientContext context;
    const auto reader = ((*replica_.entities).*method)(&context, request);
    Response frame;
    while (reader->Read(&frame)) frames->push_back(frame);
    return rpc::FromGrpc(reader->Finish());
  }

  Replica replica_{options_};
};

}  // namespace crier::ingest

#endif  // CRIER_SERVICES_INGEST_ENTITY_SERVICE_FIXTURE_H_
