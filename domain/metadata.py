"""Metadata: the few named fields that say what a script is called and how far it is."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import Rejected
from domain.refusals import BadMetadata
from domain.state import Value
from domain.text import check_name, check_text

STATUSES = ("draft", "in_progress", "complete", "unknown")
MAX_TITLE = 500
MAX_VALUE = 10_000
MAX_FIELDS = 64
RESERVED = frozenset({"archived", "owner"})
"""Fields that other commands set: script.archive and script.unarchive, script.create."""


def check_metadata(fields: Mapping[str, Value | None]) -> None:
    """Refuse fields with unclean names or texts, an unknown status, or a title over 500 characters."""
    if len(fields) > MAX_FIELDS:
        raise BadMetadata(name="", problem=f"at most {MAX_FIELDS} fields")
    for name, value in fields.items():
        try:
            check_name("its name", name)
            if isinstance(value, str):
                check_text("its value", value)
        except Rejected as refusal:
            raise BadMetadata(name=name[:80], problem=refusal.message) from refusal
        if problem := _problem(name, value):
            raise BadMetadata(name=name, problem=problem)


def _problem(name: str, value: Value | None) -> str | None:
    if name in RESERVED:
        return "is not set this way"
    if name == "status" and value not in STATUSES:
        return f"{value!r} is none of {', '.join(STATUSES)}"
    if name == "title" and not isinstance(value, str):
        return "must be text"
    if isinstance(value, str) and len(value) > (MAX_TITLE if name == "title" else MAX_VALUE):
        return f"has {len(value)} characters, more than allowed"
    if isinstance(value, int) and not -(1 << 53) < value < (1 << 53):
        return "whole numbers stay below 2^53"
    return None
