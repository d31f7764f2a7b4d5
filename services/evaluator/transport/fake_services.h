// The ingest and delivery services as far as the evaluator calls them, on the fakes of the domain.
#ifndef CRIER_SERVICES_EVALUATOR_TRANSPORT_FAKE_SERVICES_H_
#define CRIER_SERVICES_EVALUATOR_TRANSPORT_FAKE_SERVICES_H_

#include "crier/delivery/v1/delivery_service.grpc.pb.h"
#include "crier/delivery/v1/target_service.grpc.pb.h"
#include "crier/delivery/v1/webhook_service.grpc.pb.h"
#include "crier/ingest/v1/entity_service.grpc.pb.h"
#include "crier/ingest/v1/event_service.grpc.pb.h"
#include "services/evaluator/domain/fakes/fake_contact_source.h"
#include "services/evaluator/domain/fakes/fake_delivery_sink.h"
#include "services/evaluator/domain/fakes/fake_entity_source.h"
#include "services/evaluator/domain/fakes/fake_event_source.h"

namespace crier::evaluator::transport {

// Thread-safe. `events` must outlive the service.
class FakeEventService : public ingest::v1::EventService::Service {
 public:
  explicit FakeEventService(FakeEventSource& events) : events_(events) {}

  grpc::Status Subscribe(grpc::ServerContext* context, const ingest::v1::SubscribeRequest* request,
                         grpc::ServerWriter<ingest::v1::SubscribeResponse>* writer) override;
  grpc::Status GetLogHead(grpc::ServerContext* context,
                          const ingest::v1::GetLogHeadRequest* request,
                          ingest::v1::LogHead* response) override;
  grpc::Status ListLogHeads(grpc::ServerContext* context,
                            const ingest::v1::ListLogHeadsRequest* request,
                            ingest::v1::ListLogHeadsResponse* response) override;
  grpc::Status RegisterReader(grpc::ServerContext* context,
                              const ingest::v1::RegisterReaderRequest* request,
                              ingest::v1::LogReader* response) override;
  grpc::Status ConfirmPositions(grpc::ServerContext* context,
                                const ingest::v1::ConfirmPositionsRequest* request,
                                google::protobuf::Empty* response) override;

 private:
  FakeEventSource& events_;
};

// Contacts are streamed, counted and got by name from `contacts`; what is listed comes from
// `entities`. Thread-safe. Both must outlive the service.
class FakeEntityService : public ingest::v1::EntityService::Service {
 public:
  FakeEntityService(FakeContactSource& contacts, FakeEntitySource& entities)
      : contacts_(contacts), entities_(entities) {}

  grpc::Status StreamContacts(
      grpc::ServerContext* context, const ingest::v1::StreamContactsRequest* request,
      grpc::ServerWriter<ingest::v1::StreamContactsResponse>* writer) override;
  // At most 50 at a time, which may be 256 KiB each.
  grpc::Status BatchGetContacts(grpc::ServerContext* context,
                                const ingest::v1::BatchGetContactsRequest* request,
                                ingest::v1::BatchGetContactsResponse* response) override;
  grpc::Status CountContacts(grpc::ServerContext* context,
                             const ingest::v1::CountContactsRequest* request,
                             ingest::v1::CountResponse* response) override;
  grpc::Status CountOrganizations(grpc::ServerContext* context,
                                  const ingest::v1::CountOrganizationsRequest* request,
                                  ingest::v1::CountResponse* response) override;
  grpc::Status CountActivities(grpc::ServerContext* context,
                               const ingest::v1::CountActivitiesRequest* request,
                               ingest::v1::CountResponse* response) override;
  grpc::Status ListContacts(grpc::ServerContext* context,
                            const ingest::v1::ListContactsRequest* request,
                            ingest::v1::ListContactsResponse* response) override;
  grpc::Status ListOrganizations(grpc::ServerContext* context,
                                 const ingest::v1::ListOrganizationsRequest* request,
                                 ingest::v1::ListOrganizationsResponse* response) override;
  grpc::Status ListActivities(grpc::ServerContext* context,
                              const ingest::v1::ListActivitiesRequest* request,
                              ingest::v1::ListActivitiesResponse* response) override;

 private:
  FakeContactSource& contacts_;
  FakeEntitySource& entities_;
};

// Thread-safe. `deliveries` must outlive the service.
class FakeDeliveryService : public delivery::v1::DeliveryService::Service {
 public:
  explicit FakeDeliveryService(FakeDeliverySink& deliveries) : deliveries_(deliveries) {}

  grpc::Status EnqueueDeliveries(grpc::ServerContext* context,
                                 const delivery::v1::EnqueueDeliveriesRequest* request,
                                 delivery::v1::EnqueueDeliveriesResponse* response) override;
  grpc::Status GetProducerPosition(grpc::ServerContext* context,
                                   const delivery::v1::GetProducerPositionRequest* request,
                                   delivery::v1::ProducerPosition* response) override;

 private:
  FakeDeliverySink& deliveries_;
};

// Thread-safe. `deliveries` must outlive the service.
class FakeWebhookService : public delivery::v1::WebhookService::Service {
 public:
  explicit FakeWebhookService(FakeDeliverySink& deliveries) : deliveries_(deliveries) {}

  grpc::Status GetWebhook(grpc::ServerContext* context,
                          const delivery::v1::GetWebhookRequest* request,
                          delivery::v1::Webhook* response) override;

 private:
  FakeDeliverySink& deliveries_;
};

// Thread-safe. `deliveries` must outlive the service.
class FakeTargetService : public delivery::v1::TargetService::Service {
 public:
  explicit FakeTargetService(FakeDeliverySink& deliveries) : deliveries_(deliveries) {}

  grpc::Status FindMissingWebhooks(grpc::ServerContext* context,
                                   const delivery::v1::FindMissingWebhooksRequest* request,
                                   delivery::v1::FindMissingWebhooksResponse* response) override;
  // Names the workflow.
  grpc::Status RenderPayload(grpc::ServerContext* context,
                             const delivery::v1::RenderPayloadRequest* request,
                             delivery::v1::RenderPayloadResponse* response) override;

 private:
  FakeDeliverySink& deliveries_;
};

}  // namespace crier::evaluator::transport

#endif  // CRIER_SERVICES_EVALUATOR_TRANSPORT_FAKE_SERVICES_H_
