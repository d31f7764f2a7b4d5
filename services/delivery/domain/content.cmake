# Library crier_delivery_content: webhooks, payloads, signatures and target policy.

crier_library(crier_delivery_content
  SOURCES
    attempt_request.cc
    attempt_request.h
    echo_mask.cc
    echo_mask.h
    errors.cc
    errors.h
    ip_range.cc
    ip_range.h
    json_writer.cc
    json_writer.h
    key_rotation.cc
    key_rotation.h
    notice.cc
    notice.h
    own_headers.cc
    own_headers.h
    payload.cc
    payload.h
    samples.cc
    samples.h
    sender.h
    shard.cc
    shard.h
    signer.cc
    signer.h
    signing_key.cc
    signing_key.h
    translator.cc
    translator.h
    url_policy.cc
    url_policy.h
    webhook.cc
    webhook.h
    webhook_health.cc
    webhook_health.h
    webhook_rules.cc
    webhook_rules.h
    webhook_state.cc
    webhook_state.h
    webhook_store.h
    webhook_tester.cc
    webhook_tester.h
  PUBLIC
    crier_common_api
    crier_common_base
    crier_common_status
    crier_proto_entity
    rapidjson
  PRIVATE crier_common_crypto)
set_source_files_properties(attempt_request.cc attempt_request_test.cc PROPERTIES
  COMPILE_DEFINITIONS "CRIER_VERSION=\"${PROJECT_VERSION}\"")

crier_test(crier_delivery_content_test
  SOURCES
    attempt_request_test.cc
    ip_range_test.cc
    notice_test.cc
    echo_mask_test.cc
    own_headers_test.cc
    payload_property_test.cc
    payload_test.cc
    key_rotation_test.cc
    signer_test.cc
    signing_key_test.cc
    url_policy_test.cc
    webhook_health_test.cc
    webhook_rules_test.cc
    webhook_state_test.cc
    webhook_tester_test.cc
  DEPS crier_delivery_content crier_proto_google)

# The operator's side of the target policy, for the composition root.
crier_library(crier_delivery_policy_options
  SOURCES
    url_policy_options.cc
    url_policy_options.h
  PUBLIC crier_common_config crier_delivery_content)

crier_test(crier_delivery_policy_options_test
  SOURCES url_policy_options_test.cc
  DEPS crier_delivery_policy_options)

# For tests: a store in memory.
crier_library(crier_delivery_webhook_fakes
  SOURCES
    fake_webhook_store.cc
    fake_webhook_store.h
  PUBLIC absl::synchronization crier_delivery_content
  PRIVATE crier_common_status)

# For the tests of every WebhookStore.
crier_library(crier_delivery_webhook_conformance OBJECT
  SOURCES
    webhook_changes_conformance.cc
    webhook_store_conformance.cc
    webhook_store_conformance.h
  PUBLIC crier_delivery_content GTest::gtest
  PRIVATE absl::strings absl::time crier_common_status GTest::gmock)

crier_test(crier_delivery_webhook_fakes_test
  SOURCES fake_webhook_store_test.cc
  DEPS crier_delivery_webhook_conformance crier_delivery_webhook_fakes)

crier_fuzzer(payload
  SOURCES payload_fuzzer.cc
  DEPS crier_delivery_content)
