# Library crier_delivery_webhook_transport: WebhookService.

crier_library(crier_delivery_webhook_transport
  SOURCES
    exchange_proto.cc
    exchange_proto.h
    webhook_proto.cc
    webhook_proto.h
    webhook_service.cc
    webhook_service.h
  PUBLIC
    crier_common_base
    crier_common_rpc
    crier_common_status
    crier_delivery_content
    crier_proto_delivery_grpc
  PRIVATE crier_common_api)
