// EntityService over gRPC.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_SERVICE_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_SERVICE_H_

#include <atomic>
#include <functional>

#include "common/base/clock.h"
#include "common/rpc/executor.h"
#include "crier/ingest/v1/entity_service.grpc.pb.h"
#include "services/ingest/domain/entity_reader.h"
#include "services/ingest/domain/eraser.h"
#include "services/ingest/domain/records/record_sink.h"

namespace crier::ingest::transport {

// Thread-safe. The parts must outlive the server. Reading goes through an executor of its own, so
// that long queries hold up nothing but each other, and so does erasing, which waits for writers.
class EntityService : public v1::EntityService::CallbackService {
 public:
  // `on_deletion` is called when the deletion of a community has begun, for whoever carries it out.
  EntityService(EntityReader& reader, Eraser& eraser, RecordSink& sink, rpc::Executor& executor,
                rpc::Executor& erasure_executor, const Clock& clock,
                std::function<void()> on_deletion);

  // Ends all streams; calls are still answered.
  void Drain() { draining_.store(true); }

  grpc::ServerUnaryReactor* BatchGetContacts(grpc::CallbackServerContext* context,
                                             const v1::BatchGetContactsRequest* request,
                                             v1::BatchGetContactsResponse* response) override;
  // The one that goes the way of records.
  grpc::ServerUnaryReactor* MergeContacts(grpc::CallbackServerContext* context,
                                          const v1::MergeContactsRequest* request,
                                          entity::v1::Contact* response) override;
  grpc::ServerUnaryReactor* DeleteContact(grpc::CallbackServerContext* context,
                                          const v1::DeleteContactRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* DeleteCommunity(grpc::CallbackServerContext* context,
                                            const v1::DeleteCommunityRequest* request,
                                            v1::CommunityDeletion* response) override;
  grpc::ServerUnaryReactor* GetCommunityDeletion(grpc::CallbackServerContext* context,
                                                 const v1::GetCommunityDeletionRequest* request,
                                                 v1::CommunityDeletion* response) override;

  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* context,
                                       const v1::GetContactRequest* request,
                                       entity::v1::Contact* response) override;
  grpc::ServerUnaryReactor* ListContacts(grpc::CallbackServerContext* context,
                                         const v1::ListContactsRequest* request,
                                         v1::ListContactsResponse* response) override;
  grpc::ServerUnaryReactor* CountContacts(grpc::CallbackServerContext* context,
                                          const v1::CountContactsRequest* request,
                                          v1::CountResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamContactsResponse>* StreamContacts(
      grpc::CallbackServerContext* context, const v1::StreamContactsRequest* request) override;

  grpc::ServerUnaryReactor* GetOrganization(grpc::CallbackServerContext* context,
                                            const v1::GetOrganizationRequest* request,
                                            entity::v1::Organization* response) override;
  grpc::ServerUnaryReactor* ListOrganizations(grpc::CallbackServerContext* context,
                                              const v1::ListOrganizationsRequest* request,
                                              v1::ListOrganizationsResponse* response) override;
  grpc::ServerUnaryReactor* CountOrganizations(grpc::CallbackServerContext* context,
                                               const v1::CountOrganizationsRequest* request,
                                               v1::CountResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamOrganizationsResponse>* StreamOrganizations(
      grpc::CallbackServerContext* context, const v1::StreamOrganizationsRequest* request) override;

  grpc::ServerUnaryReactor* GetActivity(grpc::CallbackServerContext* context,
                                        const v1::GetActivityRequest* request,
                                        entity::v1::Activity* response) override;
  grpc::ServerUnaryReactor* ListActivities(grpc::CallbackServerContext* context,
                                           const v1::ListActivitiesRequest* request,
                                           v1::ListActivitiesResponse* response) override;
  grpc::ServerUnaryReactor* CountActivities(grpc::CallbackServerContext* context,
                                            const v1::CountActivitiesRequest* request,
                                            v1::CountResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamActivitiesResponse>* StreamActivities(
      grpc::CallbackServerContext* context, const v1::StreamActivitiesRequest* request) override;

  grpc::ServerUnaryReactor* GetSegment(grpc::CallbackServerContext* context,
                                       const v1::GetSegmentRequest* request,
                                       entity::v1::Segment* response) override;
  grpc::ServerUnaryReactor* ListSegments(grpc::CallbackServerContext* context,
                                         const v1::ListSegmentsRequest* request,
                                         v1::ListSegmentsResponse* response) override;
  grpc::ServerUnaryReactor* CountSegments(grpc::CallbackServerContext* context,
                                          const v1::CountSegmentsRequest* request,
                                          v1::CountResponse* response) override;

  grpc::ServerUnaryReactor* GetTag(grpc::CallbackServerContext* context,
                                   const v1::GetTagRequest* request,
                                   entity::v1::Tag* response) override;
  grpc::ServerUnaryReactor* ListTags(grpc::CallbackServerContext* context,
                                     const v1::ListTagsRequest* request,
                                     v1::ListTagsResponse* response) override;
  grpc::ServerUnaryReactor* CountTags(grpc::CallbackServerContext* context,
                                      const v1::CountTagsRequest* request,
                                      v1::CountResponse* response) override;

 private:
  // The ones above, for any kind of entity. `add` makes room for an entity in a response.
  template <typename Request, typename Entity>
  grpc::ServerUnaryReactor* GetOne(EntityKind kind, grpc::CallbackServerContext* context,
                                   const Request* request, Entity* response);
  template <typename Request, typename Response, typename Add>
  grpc::ServerUnaryReactor* List(EntityKind kind, grpc::CallbackServerContext* context,
                                 const Request* request, Response* response, Add add);
  template <typename Request>
  grpc::ServerUnaryReactor* Count(EntityKind kind, grpc::CallbackServerContext* context,
                                  const Request* request, v1::CountResponse* response);
  template <typename Response, typename Request, typename Fill>
  grpc::ServerWriteReactor<Response>* Stream(EntityKind kind, grpc::CallbackServerContext* context,
                                             const Request* request, const std::string& after_name,
                                             const char* after_field, Fill fill);

  EntityReader& reader_;
  Eraser& eraser_;
  RecordSink& sink_;
  rpc::Executor& executor_;
  rpc::Executor& erasure_executor_;
  const Clock& clock_;
  const std::function<void()> on_deletion_;
  std::atomic<bool> draining_{false};
};

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_ENTITY_SERVICE_H_
