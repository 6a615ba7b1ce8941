"""Checks: one class for each kind of defect in legacy rows, found by the validators of `domain`."""
