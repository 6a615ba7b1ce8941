"""Proposals: ask a model, review, decide."""
