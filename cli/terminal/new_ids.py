"""Ids for lines and submissions that a command line makes up."""

from __future__ import annotations

import secrets

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without letters that are taken for digits, or for each other."""


def new_line_id() -> str:
    """An id for a line: 60 random bits, so that a script may have millions in its life."""
    return _random(12)


def new_submission_id(verb: str) -> str:
    """An id for a submission, which says where it came from."""
    return f"{verb}-{_random(16)}"


def _random(digits: int) -> str:
    return "".join(secrets.choice(DIGITS) for _ in range(digits))
