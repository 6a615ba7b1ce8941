"""Rows that a mapping decides about, looked up in the source: a key with a slip of the pen decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from backfill.mapping.model import Mapping
from backfill.mapping.row_names import bytes_named
from repos.legacy.catalog import Catalog, Table
from repos.legacy.connection import Source
from repos.legacy.errors import SourceError
from repos.legacy.keyed_rows import KeyedReader

# Of the largest number of a column, with its sign.
_MAX_DIGITS = 20


def decisions_without_a_row(source: Source, catalog: Catalog, mapping: Mapping) -> Iterator[str]:
    """A sentence for each decision whose row the source does not have.

    Raises:
        SourceError: the source cannot be read.
    """
    for name, rule in mapping.tables.items():
        table = catalog.tables[name]
        key = table.key or rule.key

        def is_there(decided: tuple[str | int, ...], table: Table = table, key: tuple[str, ...] = key) -> bool:
            return _is_there(KeyedReader(source, table, key, key[:1]), _values(table, key, decided))

        for decision in rule.decisions if key else ():
            where = f"{name}: the decision on the row {list(decision.key)}"
            if len(decision.key) != len(key):
                yield f"{where} names no row: the key of the table is {', '.join(key)}."
            elif not is_there(decision.key):
                yield f"{where} holds for nothing: the source has no such row."
            elif decision.do == "merge" and decision.to is not None and not is_there((decision.to,)):
                yield f"{where} names a user that is kept, {decision.to!r}, and the table has no such row."


def _values(table: Table, key: tuple[str, ...], decided: tuple[str | int, ...]) -> tuple[str | int | bytes, ...]:
    columns = map(table.column, key)
    return tuple(
        _value(part, "" if column is None else column.kind) for part, column in zip(decided, columns, strict=True)
    )


def _value(part: str | int, kind: str) -> str | int | bytes:
    """A value of a key as its column holds it: a decision may spell a number as text, and a text as a number."""
    if kind == "bytes" and (found := bytes_named(part)) is not None:
        return found
    if kind == "integer" and isinstance(part, str):
        return int(part) if len(part) <= _MAX_DIGITS and part.removeprefix("-").isdecimal() else part
    return str(part) if kind == "text" else part


def _is_there(reader: KeyedReader, key: tuple[str | int | bytes, ...]) -> bool:
    try:
        return next(iter(reader.read([key])), None) is not None
    except SourceError as error:
        if error.code == "source_lost":
            raise
        return False
