"""Monitoring: heartbeat, health checks, and access to Flower."""
