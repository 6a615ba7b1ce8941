"""Entries of the command log, versions and heads, as values."""
