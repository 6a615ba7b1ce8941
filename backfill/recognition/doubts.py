"""Doubts about a source, each with a code and one sentence: what cannot be read, and signs of a half-loaded dump."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from backfill.recognition.key_kinds import kind_column
from domain.counting import counted
from repos.legacy.catalog import Catalog, Table

# A dump makes each view as a table of numbers first, and as the view itself at its very end.
_PLACEHOLDER_TYPES = ("int", "tinyint", "bigint")
# Tables that only a ledger of ours has.
_OURS = frozenset(("script_heads", "script_keyframes", "submission_inbox"))
WITHOUT_SNAPSHOT = ("myisam", "aria", "memory", "csv")


class Doubt(NamedTuple):
    """One doubt about a table, or about the whole source. `blocks` is whether it cannot be moved like this."""

    code: str
    table: str
    sentence: str
    blocks: bool = False


def doubts(catalog: Catalog) -> list[Doubt]:
    """The doubts about a source, table by table."""
    if catalog.tables.keys() >= _OURS:
        sentence = f"{catalog.source} is a ledger of scriptledger, not a legacy database: name the legacy one."
        return [Doubt("own_ledger", "", sentence, blocks=True)]
    unseen = [] if catalog.sees_all else [Doubt("partial_grants", "", _partial(catalog), blocks=True)]
    return unseen + [doubt for table in catalog for doubt in _of(table, catalog)]


def _partial(catalog: Catalog) -> str:
    tables = counted(len(catalog.tables), "table")
    return (
        f"The account may read {tables} of {catalog.source} that it was granted one by one, and sees no others: "
        "grant it SELECT on the whole database."
    )


def _of(table: Table, catalog: Catalog) -> Iterator[Doubt]:
    if table.problem is not None:
        # A view has no rows that could be lost.
        yield Doubt("unreadable_table", table.name, table.problem, blocks=not table.is_view)
        return
    if table.is_view:
        if _is_placeholder(table):
            sentence = (
                f"The view {table.name} is the placeholder that a dump makes first: was the dump loaded to its end?"
            )
            yield Doubt("half_loaded", table.name, sentence, blocks=True)
        return
    for key in table.foreign_keys:
        if catalog.table(key.table) is None:
            sentence = f"{table.name} refers to a table {key.table} that is not there: was the dump loaded to its end?"
            yield Doubt("half_loaded", table.name, sentence, blocks=True)
    if not table.key and not table.has_rowid:
        yield Doubt(
            "no_key", table.name, f"{table.name} has no key: its rows are read in one pass and known by their place."
        )
    if table.engine.lower() in WITHOUT_SNAPSHOT:
        sentence = (
            f"{table.name} is {table.engine}: it has no consistent read, so stop the writers before the last pass."
        )
        yield Doubt("no_snapshot", table.name, sentence)
    for column in table.columns:
        if (kind := kind_column(table, column.name)) is not None:
            sentence = f"{table.name}.{column.name} is the id of a row of the table that {kind} names, one of several."
            yield Doubt("several_tables", table.name, sentence)
        if column.kind == "unknown":
            sentence = f"{table.name}.{column.name} has the type {column.type}, which is not known: keep or drop it."
            yield Doubt("unknown_type", table.name, sentence)


def _is_placeholder(view: Table) -> bool:
    types = {column.type.partition("(")[0] for column in view.columns}
    return types <= set(_PLACEHOLDER_TYPES) and all(column.default == "0" for column in view.columns)
