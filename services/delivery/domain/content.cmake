# Library crier_delivery_content: webhooks, payloads, signatures and target policy.

crier_library(crier_delivery_content
  SOURCES
    attempt_request.h
    errors.cc
    errors.h
    payload.h
    sender.h
    webhook.cc
    webhook.h
    webhook_store.h
  PUBLIC crier_common_api crier_common_base crier_proto_entity
  PRIVATE crier_common_status)
