"""Verification, seals, rebuilds and quarantine."""
