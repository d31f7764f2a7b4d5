# Library crier_delivery_webhook_transport: WebhookService.
