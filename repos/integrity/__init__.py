"""Rebuilds, seals, quarantines and verification checkpoints."""
