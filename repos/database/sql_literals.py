"""SQL literals: statements with their values in the text, for a server that accepts several in one packet.

A literal means the same whatever the session's character set and sql_mode: bytes, and text that is not pure ASCII, are
written in hex. Unknown types are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from sys import maxsize
from types import NoneType
from typing import Any

_WHOLE_OR_NULL = frozenset({int, NoneType})
# In place of the hex of a value that is left out; nothing else in a statement is not ASCII.
LEFT_OUT = "\u2026"


def with_literals(sql: str, values: tuple[Any, ...], *, max_bytes: int = maxsize) -> str:
    """A statement with its placeholders replaced by literals; larger values are left out."""
    return sql % tuple(
        [
            value
            if (kind := value.__class__) is int
            else _compared_text(value)
            if kind is str
            else f"X'{value.hex() if len(value) <= max_bytes else LEFT_OUT}'"
            if kind is bytes
            else _literal(value)
            for value in values
        ]
    )


def rows_with_literals(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Each of some rows as the text `(1,'a',NULL)`.

    The literals are made column by column: the values of a column mostly are of one type, and what is done once for a
    column costs a tenth of what is done for each value.
    """
    marks, columns = zip(*map(_column, zip(*rows, strict=True)), strict=True)
    row, values = f"({','.join(marks)})", [column for column in columns if column is not None]
    return list(map(row.__mod__, zip(*values, strict=True))) if values else [row % ()] * len(rows)


def _column(values: tuple[Any, ...]) -> tuple[str, Iterable[Any] | None]:
    """The mark of a column in the text of a row, and what takes its place in each row; None if all rows are alike."""
    kinds = set(map(type, values))
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is NoneType or (kind is str and values.count(values[0]) == len(values)):
            return ("NULL" if values[0] is None else _text(values[0])).replace("%", "%%"), None
        if kind is int:
            return "%s", values
        if kind is bytes:
            return "X'%s'", map(bytes.hex, values)
        if kind is str and _is_clear("".join(values)):
            return "'%s'", values
    if kinds <= _WHOLE_OR_NULL:
        return "%s", ["NULL" if value is None else value for value in values]
    return "%s", [_text(value) if value.__class__ is str else with_literals("%s", (value,)) for value in values]


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
    return f"'{value}'" if _is_clear(value) else f"_utf8mb4 X'{value.encode().hex()}'"


def _compared_text(value: str) -> str:
    # Compared with a column of ASCII, other text without a collation of its own is an error.
    return f"'{value}'" if _is_clear(value) else f"{_text(value)} COLLATE utf8mb4_bin"


def _is_clear(value: str) -> bool:
    # ASCII is the same in every connection character set; only quotes and backslashes have a meaning.
    return value.isascii() and "'" not in value and "\\" not in value
