# Library crier_delivery_content: webhooks, payloads, signatures and target policy.
