"""Recognises the tables of a source and sums up which generations and which history there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backfill.recognition.known_shapes import KNOWN_SHAPES, UNKNOWN, VIEW
from backfill.recognition.shape import HEAD_ONLY, NO_HISTORY, Shape, is_camel, snake
from repos.legacy.catalog import Catalog, Table

# How to name the table that holds the scripts, where none is recognised.
NAME_IT = "`scriptledger legacy map --table NAME=scripts`"
NO_SCRIPTS = (
    f"No table becomes scripts, so no script comes over. If a table holds them, draft the mapping with {NAME_IT}."
)
# Columns that hold the text of a script.
TEXTS = frozenset(("content", "body", "text"))


@dataclass(frozen=True)
class Recognised:
    """One table, and its shape."""

    table: Table
    shape: Shape


def recognise(table: Table) -> Shape:
    """The shape of one table; `UNKNOWN` where none fits."""
    if table.is_view:
        return VIEW
    name, columns, camel = snake(table.name), frozenset(map(snake, table.names)), is_camel(table)
    shape = next((shape for shape in KNOWN_SHAPES if shape.fits(name, columns, camel=camel)), UNKNOWN)
    if shape.history == HEAD_ONLY and not columns & TEXTS:
        return replace(shape, history=NO_HISTORY)  # the texts are in another table
    return shape


def recognise_all(catalog: Catalog) -> list[Recognised]:
    """Every table of a source with its shape."""
    return [Recognised(table, recognise(table)) for table in catalog]


def generations(recognised: list[Recognised]) -> list[int]:
    """The generations whose tables are there, the newest first."""
    return sorted({each.shape.generation for each in recognised if each.shape.generation is not None}, reverse=True)


def history_sentence(recognised: list[Recognised]) -> str:
    """Which history of the scripts there is, in one sentence."""
    with_history = [each for each in recognised if each.shape.history not in (NO_HISTORY, HEAD_ONLY)]
    if with_history:
        parts = [f"{each.shape.history} in {each.table.name}" for each in with_history]
        return f"History: {', '.join(parts)}."
    heads = [each for each in recognised if each.shape.history == HEAD_ONLY]
    if not heads:
        scripts = [each.table.name for each in recognised if each.shape.becomes == "scripts"]
        if scripts:
            return f"No history and no texts: {', '.join(scripts)} has titles only."
        return f"No table with scripts was recognised: name it with {NAME_IT}."
    counted = [each.table.name for each in heads if "version_number" in map(snake, each.table.names)]
    counter = f" The counter in {', '.join(counted)} says how many saves are lost." if counted else ""
    tables = ", ".join(each.table.name for each in heads)
    return f"No history: each save overwrote the last one, {tables} has the latest text.{counter}"
