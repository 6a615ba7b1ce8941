"""Rows that a mapping decides about, looked up in the source: a key with a slip of the pen decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from backfill.mapping.model import Mapping
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
        for decision in rule.decisions if key else ():
            where = f"{name}: the decision on the row {list(decision.key)}"
            if len(decision.key) != len(key):
                yield f"{where} names no row: the key of the table is {', '.join(key)}."
            elif not _is_there(KeyedReader(source, table, key, key[:1]), _values(table, key, decision.key)):
                yield f"{where} holds for nothing: the source has no such row."


def _values(table: Table, key: tuple[str, ...], decided: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The values of a key as its columns hold them: a decision may spell a number as text, and a text as a number."""
    kinds = [column.kind if (column := table.column(name)) is not None else "" for name in key]
    return tuple(
        int(part)
        if kind == "integer"
        and isinstance(part, str)
        and len(part) <= _MAX_DIGITS
        and part.removeprefix("-").isdecimal()
        else str(part)
        if kind == "text"
        else part
        for part, kind in zip(decided, kinds, strict=True)
    )


def _is_there(reader: KeyedReader, key: tuple[str | int, ...]) -> bool:
    try:
        return next(iter(reader.read([key])), None) is not None
    except SourceError as error:
        if error.code == "source_lost":
            raise
        return False
    except OverflowError:  # a number that no column of SQLite holds
        return False
