"""Submissions that producers send, and the answers they receive."""
