"""Metadata: named fields of a script, such as its title and status."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import Rejected
from domain.refusals import BadMetadata, BadPayload, TextTooLong
from domain.script.hashing import canonical_json, same
from domain.script.state import Value
from domain.script.validation import check_name, check_text, is_exact

STATUSES = ("draft", "in_progress", "complete", "unknown")
MAX_TITLE = 500
# Characters of one value, line ends included; of a list, of all its entries.
MAX_VALUE = 100_000
MAX_ENTRIES = 1_000
MAX_FIELDS = 64
# All fields together, as canonical JSON: each keyframe holds them.
MAX_METADATA_BYTES = 4 << 20
# Fields that every script has.
LASTING = ("title", "status")
# Fields that other commands set: script.archive and script.unarchive, script.create.
RESERVED = frozenset({"archived", "owner"})


def check_metadata(fields: Mapping[str, Value | None]) -> None:
    """Refuse fields with invalid names or texts, an unknown status, or a title over 500 characters.

    A text may have several lines, except for the title. A list of texts has up to 1,000 entries.
    """
    for name, value in fields.items():
        try:
            check_name("its name", name)
            for text in _texts(value):
                check_text("its value", text, line_ends=name not in LASTING)
        except Rejected as refusal:
            raise BadMetadata(name=name[:80], problem=refusal.message) from refusal
        if problem := _problem(name, value):
            raise BadMetadata(name=name, problem=problem)


def check_whole_metadata(fields: Mapping[str, Value]) -> None:
    """Refuse an invalid complete set of fields: an invalid field, too many, or no title or status."""
    check_metadata(fields)
    require_room(fields)
    for name in LASTING:
        if name not in fields:
            raise BadMetadata(name=name, problem="cannot be missing")


def require_room(fields: Mapping[str, Value]) -> None:
    """Refuse more fields than a script may have, and fields that are too large together."""
    if len(fields.keys() - RESERVED) > MAX_FIELDS:
        raise BadPayload(field="metadata", problem=f"a script has at most {MAX_FIELDS} fields")
    if (size := len(canonical_json(fields))) > MAX_METADATA_BYTES:
        raise TextTooLong(field="metadata", size=size, limit=MAX_METADATA_BYTES)


def changed_fields(current: Mapping[str, Value], wanted: Mapping[str, Value]) -> dict[str, Value | None]:
    """The fields in which metadata differ, with the wanted values; None removes a field."""
    names = sorted({*current, *wanted} - RESERVED)
    return {name: wanted.get(name) for name in names if not same(current.get(name), wanted.get(name))}


def _texts(value: Value | None) -> tuple[str, ...]:
    """The texts in a value."""
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, tuple) else ()


def _problem(name: str, value: Value | None) -> str | None:
    if name in RESERVED:
        return "is set by other commands"
    if name == "status" and value not in STATUSES:
        return f"must be one of {', '.join(STATUSES)}"
    if name == "title" and not isinstance(value, str):
        return "must be text"
    if isinstance(value, str | tuple):
        return _size_problem(value, MAX_TITLE if name == "title" else MAX_VALUE)
    if isinstance(value, int) and not is_exact(value):
        return "whole numbers must be below 2^53"
    return None


def _size_problem(value: str | tuple[str, ...], limit: int) -> str | None:
    texts = _texts(value)
    if len(texts) > MAX_ENTRIES:
        return f"has {len(texts)} entries, more than the {MAX_ENTRIES} allowed"
    size = sum(map(len, texts))
    return f"has {size} characters, more than the {limit} allowed" if size > limit else None
