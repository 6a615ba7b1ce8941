"""Random ids for the lines and submissions that the command line creates."""

from __future__ import annotations

import secrets

# Letters that are mistaken for digits or for each other are left out.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_line_id() -> str:
    """An id for a line: 60 random bits, enough for millions of lines in the life of a script."""
    return _random(12)


def new_submission_id(verb: str) -> str:
    """An id for a submission, prefixed with the verb that sends it."""
    return f"{verb}-{_random(16)}"


def _random(digits: int) -> str:
    return "".join(secrets.choice(DIGITS) for _ in range(digits))
