"""The worker's end of the broker: guarded messages, the Redis transport, the consumer."""
