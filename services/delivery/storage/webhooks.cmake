# Library crier_delivery_webhook_storage: webhooks in Postgres.

crier_library(crier_delivery_webhook_storage
  SOURCES
    delivery_rows.cc
    delivery_rows.h
    delivery_sql.h
    notice_writer.cc
    notice_writer.h
    queue_notices.cc
    queue_notices.h
    secret_store.cc
    secret_store.h
    webhook_cache.cc
    webhook_cache.h
    webhook_secrets.cc
    webhook_secrets.h
    webhook_sql.h
    webhook_state.cc
    webhook_state.h
    webhook_store.cc
    webhook_store.h
  PUBLIC absl::flat_hash_map absl::synchronization crier_common_base crier_common_crypto
    crier_common_pg crier_delivery_content
  PRIVATE absl::strings crier_common_status crier_delivery_domain)

crier_test(crier_delivery_webhook_storage_test
  SOURCES secret_store_test.cc webhook_cache_test.cc webhook_store_test.cc
  DEPS
    crier_delivery_domain
    crier_delivery_storage
    crier_delivery_webhook_conformance
    crier_delivery_webhook_storage
    crier_tests_database
  LABELS postgres)
