"""Proposals: hunks from a model's answer, and the decisions on them."""
