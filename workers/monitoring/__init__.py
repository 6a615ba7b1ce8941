"""Heartbeat and health."""
