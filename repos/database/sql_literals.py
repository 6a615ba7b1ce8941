"""SQL literals: statements with their values in the text, for a server that accepts several in one packet.

A literal means the same whatever the session's character set and sql_mode: bytes, and text that is not pure ASCII, are
written in hex. Unknown types are refused.
"""

from __future__ import annotations

from math import isfinite
from typing import Any


def with_literals(sql: str, values: tuple[Any, ...]) -> str:
    """A statement with its placeholders replaced by literals."""
    return sql % tuple(
        [
            value
            if (kind := value.__class__) is int
            else _text(value)
            if kind is str
            else f"X'{value.hex()}'"
            if kind is bytes
            else _literal(value)
            for value in values
        ]
    )


def _literal(value: object) -> str:
    """A value as an SQL literal.

    Raises:
        TypeError: no column has values of this exact type; subclasses are refused too.
    """
    kind = value.__class__
    if value is None:
        return "NULL"
    if kind is bool:
        return "1" if value else "0"
    if kind is float and isfinite(float(value)):  # type: ignore[arg-type]  # `kind` is float
        return repr(value)
    raise TypeError(f"a value of type {kind.__qualname__} cannot be written as SQL")


def _text(value: str) -> str:
    # ASCII is the same in every connection character set; only quotes and backslashes have a meaning.
    if value.isascii() and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return f"_utf8mb4 X'{value.encode().hex()}'"
