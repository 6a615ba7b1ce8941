"""SQL literals: statements with their values in them, for a server that takes several in one packet.

A value is written so that it means the same whatever the session's character set and sql_mode are: text that is more
than plain ASCII, and bytes, go in hex. Of a type that is not known here there is no literal.
"""

from __future__ import annotations

from math import isfinite
from typing import Any


def with_literals(sql: str, values: tuple[Any, ...]) -> str:
    """A statement with its values in the places of their marks."""
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
    """A value as SQL writes it.

    Raises:
        TypeError: it is of a type that no column of ours has, perhaps one that only looks like it.
    """
    kind = value.__class__
    if value is None:
        return "NULL"
    if kind is bool:
        return "1" if value else "0"
    if kind is float and isfinite(float(value)):  # type: ignore[arg-type]  # told by its class
        return repr(value)
    raise TypeError(f"a value of type {kind.__qualname__} cannot be written as SQL")


def _text(value: str) -> str:
    # In every character set of a connection these are themselves; only quotes and backslashes mean something.
    if value.isascii() and "'" not in value and "\\" not in value:
        return f"'{value}'"
    return f"_utf8mb4 X'{value.encode().hex()}'"
