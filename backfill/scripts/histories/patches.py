"""Histories stored as patches: each row has a patch to a neighbour, and few have their whole text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import TextReader, history_form
from backfill.scripts.histories.patch_chain import PatchChain
from backfill.scripts.histories.patch_layout import ChainRow
from backfill.scripts.histories.row_per_save import RowPerSave
from backfill.scripts.histories.save_rows import SaveRow, SaveRows
from repos.legacy.connection import Source
from repos.legacy.keyed_rows import KeyedReader


@history_form
class Patches(RowPerSave):
    """One row a save, with a patch of diff-match-patch."""

    names = ("patches",)
    uses_latest = True
    measured = ("content", "last_content", "patch")

    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader:
        if not rows:
            return lambda _: iter(())
        return PatchChain([self._chain_row(row) for row in rows], _Rows(source, self.table, rows), latest).texts

    def _chain_row(self, row: SaveRow) -> ChainRow:
        lengths = self.lengths(row)
        patch = self.table.column("patch") or ""
        text = max((length for column, length in lengths.items() if column != patch), default=-1)
        return ChainRow(row.origin.number, text, lengths.get(patch, -1))


class _Rows:
    """Reads the rows of a chain."""

    def __init__(self, source: Source, table: MappedTable, rows: SaveRows) -> None:
        self._rows = rows
        fields = [name for name in map(table.column, ("content", "last_content")) if name is not None]
        self._texts = KeyedReader(source, table.table, table.key_columns, fields)
        patch = table.column("patch")
        self._patches = None if patch is None else KeyedReader(source, table.table, table.key_columns, [patch])

    def texts(self, places: Sequence[int]) -> Iterator[str | None]:
        for found in self._texts.read(self._rows.keys(places)):
            yield None if found is None else next((_text(value) for value in found if value), "")

    def patches(self, places: Sequence[int]) -> Iterator[str | None]:
        if self._patches is None:
            yield from [None] * len(places)
            return
        for found in self._patches.read(self._rows.keys(places)):
            yield None if found is None or found[0] is None else _text(found[0])


def _text(value: Any) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else str(value)
