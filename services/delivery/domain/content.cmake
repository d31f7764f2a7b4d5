# Library crier_delivery_content: webhooks/, payloads/ and attempts/, which know of no queue.

crier_library(crier_delivery_content
  SOURCES
    attempts/attempt_request.cc
    attempts/attempt_request.h
    attempts/echo_mask.cc
    attempts/echo_mask.h
    attempts/notice.cc
    attempts/notice.h
    attempts/retry_after.cc
    attempts/retry_after.h
    attempts/retry_schedule.cc
    attempts/retry_schedule.h
    attempts/sender.h
    attempts/signer.cc
    attempts/signer.h
    attempts/webhook_health.cc
    attempts/webhook_health.h
    attempts/webhook_tester.cc
    attempts/webhook_tester.h
    errors.cc
    errors.h
    payloads/event_snapshot.cc
    payloads/event_snapshot.h
    payloads/json_writer.cc
    payloads/json_writer.h
    payloads/payload.cc
    payloads/payload.h
    payloads/samples.cc
    payloads/samples.h
    payloads/translator.cc
    payloads/translator.h
    queue/shard.cc
    queue/shard.h
    webhooks/ip_range.cc
    webhooks/ip_range.h
    webhooks/key_rotation.cc
    webhooks/key_rotation.h
    webhooks/own_headers.cc
    webhooks/own_headers.h
    webhooks/secret_keeper.cc
    webhooks/secret_keeper.h
    webhooks/secret_store.h
    webhooks/signing_key.cc
    webhooks/signing_key.h
    webhooks/url_policy.cc
    webhooks/url_policy.h
    webhooks/webhook.cc
    webhooks/webhook.h
    webhooks/webhook_rules.cc
    webhooks/webhook_rules.h
    webhooks/webhook_state.cc
    webhooks/webhook_state.h
    webhooks/webhook_store.h
  PUBLIC
    absl::random_bit_gen_ref
    absl::synchronization
    crier_common_api
    crier_common_base
    crier_common_crypto
    crier_common_metrics
    crier_common_status
    crier_proto_entity
    rapidjson
  PRIVATE absl::random_distributions crier_common_log)
set_source_files_properties(attempts/attempt_request.cc attempts/attempt_request_test.cc PROPERTIES
  COMPILE_DEFINITIONS "CRIER_VERSION=\"${PROJECT_VERSION}\"")

crier_test(crier_delivery_content_test
  SOURCES
    attempts/attempt_request_test.cc
    attempts/echo_mask_test.cc
    attempts/notice_test.cc
    attempts/retry_after_test.cc
    attempts/retry_schedule_test.cc
    attempts/signer_test.cc
    attempts/webhook_health_test.cc
    attempts/webhook_tester_test.cc
    payloads/event_snapshot_test.cc
    payloads/payload_property_test.cc
    payloads/payload_test.cc
    webhooks/ip_range_test.cc
    webhooks/key_rotation_test.cc
    webhooks/own_headers_test.cc
    webhooks/secret_keeper_test.cc
    webhooks/signing_key_test.cc
    webhooks/url_policy_test.cc
    webhooks/webhook_rules_test.cc
    webhooks/webhook_state_test.cc
  DEPS crier_delivery_content crier_proto_google)

# The operator's side of the target policy, for the composition root.
crier_library(crier_delivery_policy_options
  SOURCES
    webhooks/url_policy_options.cc
    webhooks/url_policy_options.h
  PUBLIC crier_common_config crier_delivery_content)

crier_test(crier_delivery_policy_options_test
  SOURCES webhooks/url_policy_options_test.cc
  DEPS crier_delivery_policy_options)

# For tests: a store in memory.
crier_library(crier_delivery_webhook_fakes
  SOURCES
    fakes/fake_webhook_store.cc
    fakes/fake_webhook_store.h
  PUBLIC absl::synchronization crier_delivery_content
  PRIVATE crier_common_status)

# For the tests of every WebhookStore.
crier_library(crier_delivery_webhook_conformance OBJECT
  SOURCES
    webhooks/webhook_changes_conformance.cc
    webhooks/webhook_store_conformance.cc
    webhooks/webhook_store_conformance.h
  PUBLIC crier_delivery_content GTest::gtest
  PRIVATE absl::strings absl::time crier_common_status GTest::gmock)

crier_test(crier_delivery_webhook_fakes_test
  SOURCES fakes/fake_webhook_store_test.cc
  DEPS crier_delivery_webhook_conformance crier_delivery_webhook_fakes)

crier_fuzzer(payload
  SOURCES payloads/payload_fuzzer.cc
  DEPS crier_delivery_content)
