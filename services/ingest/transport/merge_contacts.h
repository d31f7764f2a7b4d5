// MergeContacts of EntityService: a reading service's one method that goes the way of records.
#ifndef CRIER_SERVICES_INGEST_TRANSPORT_MERGE_CONTACTS_H_
#define CRIER_SERVICES_INGEST_TRANSPORT_MERGE_CONTACTS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "crier/ingest/v1/entity_service.pb.h"
#include "services/ingest/domain/records/record_sink.h"

namespace crier::ingest::transport {

// Serves a call. `sink` must outlive the server.
grpc::ServerUnaryReactor* MergeContacts(RecordSink& sink, grpc::CallbackServerContext* context,
                                        const v1::MergeContactsRequest* request,
                                        entity::v1::Contact* response);

}  // namespace crier::ingest::transport

#endif  // CRIER_SERVICES_INGEST_TRANSPORT_MERGE_CONTACTS_H_
