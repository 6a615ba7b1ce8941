"""Intake of submissions that arrive as messages."""
