"""Submissions that arrive as messages."""
