"""Verbs that move a legacy application over."""
