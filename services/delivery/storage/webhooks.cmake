# Library crier_delivery_webhook_storage: webhooks in Postgres.
