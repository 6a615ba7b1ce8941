"""Decisions of a mapping about rows: which there are, and those that cannot be carried out."""
