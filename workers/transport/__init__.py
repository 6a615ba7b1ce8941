"""The worker side of the broker: message guards, the Redis transport, the consumer."""
