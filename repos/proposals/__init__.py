"""Proposals, the outcomes of their hunks, and what AI runs wrote and deleted."""
