"""Flags of legacy columns: whether a value means yes, by the words of the mapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backfill.mapping.model import ColumnRule

FALSE = frozenset({"", "0", "false"})
# A BIT has at most 64 bits; more bytes are a text.
MAX_BIT_BYTES = 8


def flag_reader(rule: ColumnRule) -> Callable[[Any], bool]:
    """Whether a value means yes: by the mapping's values, else whether it is neither NULL, 0, empty nor `false`."""
    values = {value: word == "true" for value, word in rule.values.items()}
    others = rule.others == "true"

    def read(value: Any) -> bool:
        if value is None:
            return False
        if not values:
            return any(value) if isinstance(value, bytes) else str(value).strip().lower() not in FALSE
        return next((values[text] for text in _spellings(value) if text in values), others)

    return read


def _spellings(value: Any) -> tuple[str, ...]:
    """A value as a mapping may name it: a BIT is read as bytes, and named by its number."""
    if not isinstance(value, bytes):
        return (str(value),)
    text = value.decode(errors="surrogateescape")
    return (text, str(int.from_bytes(value))) if len(value) <= MAX_BIT_BYTES else (text,)
