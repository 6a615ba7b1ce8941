"""Messaging: bells, announcements, run messages, and the connections to the broker."""
