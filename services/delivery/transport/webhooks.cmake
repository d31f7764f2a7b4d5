# Library crier_delivery_webhook_transport: WebhookService.

crier_library(crier_delivery_webhook_transport
  SOURCES
    exchange_proto.cc
    exchange_proto.h
    page_bytes.h
    webhook_proto.cc
    webhook_proto.h
    webhook_service.cc
    webhook_service.h
    webhook_service_keys.cc
  PUBLIC
    crier_common_base
    crier_common_metrics
    crier_common_rpc
    crier_common_status
    crier_delivery_content
    crier_proto_delivery_grpc
  PRIVATE crier_common_api)

crier_test(crier_delivery_webhook_transport_test
  SOURCES
    create_webhook_test.cc
    signing_keys_test.cc
    test_webhook_test.cc
    update_webhook_test.cc
    webhook_service_test.cc
    webhook_service_test.h
  DEPS
    crier_common_http_test_server
    crier_delivery_sending
    crier_delivery_webhook_fakes
    crier_delivery_webhook_transport
    crier_tests_rpc)
