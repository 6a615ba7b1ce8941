"""Runs over a whole legacy source."""
