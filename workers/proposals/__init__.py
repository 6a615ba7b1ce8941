"""Proposals: draft them with a model, review and decide them."""
