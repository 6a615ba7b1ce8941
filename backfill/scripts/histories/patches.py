"""Histories stored as patches: each row has a patch to a neighbour, and few have their whole text.

The rows of each branch are a chain of their own; the text of the script itself belongs to that of the first save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.fitting_layouts import fitting_layouts
from backfill.scripts.histories.history_form import TextReader, history_form
from backfill.scripts.histories.patch_chain import PatchChain
from backfill.scripts.histories.patch_layout import LAYOUTS, ChainRow, Layout
from backfill.scripts.histories.row_per_save import RowPerSave, ScriptPart
from backfill.scripts.histories.save_rows import SaveRow, SaveRows
from backfill.translate.row_keys import row_key
from domain.submissions.answer import Refusal
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader

# Of scripts whose rows are read together.
MAX_HELD_BYTES = 4 << 20

Held = Mapping[Row, Row]


@history_form
class Patches(RowPerSave):
    """One row a save, with a patch of diff-match-patch."""

    names = ("patches",)
    uses_latest = True
    measured = ("content", "last_content", "patch")

    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader:
        return self._texts_of(source, ScriptPart(rows, latest))

    @property
    def _layout(self) -> Layout | None:
        name = self.table.rule.patch_layout
        return None if name is None else LAYOUTS[name]

    def refusals(self, source: Source, parts: Sequence[ScriptPart]) -> Iterator[list[Refusal | None]]:
        for part, held in self._read_together(source, parts):
            texts = self._texts_of(source, part, held)(range(len(part.rows)))
            yield [text if isinstance(text, Refusal) else None for text in texts]

    def layouts(self, source: Source, parts: Sequence[ScriptPart]) -> Iterator[list[Layout]]:
        """The layouts that each chain fits, of several rows."""
        for part, held in self._read_together(source, parts):
            for rows, latest in self._chains_of(part):
                reader = _Rows(source, self.table, rows, held)
                yield fitting_layouts(self._chain_rows(rows), reader, latest) if len(rows) > 1 else []

    def _read_together(self, source: Source, parts: Sequence[ScriptPart]) -> Iterator[tuple[ScriptPart, Held | None]]:
        """The saves of scripts; the texts and patches of small ones are held, and read at once."""
        for group in _groups(parts):
            keys = [key for rows, _ in group for key in rows.keys(range(len(rows)))]
            is_shared = len(group) > 1 and len(set(keys)) == len(keys)
            held = _held(source, self.table, keys) if is_shared else None
            for part in group:
                yield part, held

    def _texts_of(self, source: Source, part: ScriptPart, held: Held | None = None) -> TextReader:
        readers = [
            PatchChain(self._chain_rows(rows), _Rows(source, self.table, rows, held), latest, self._layout).texts
            for rows, latest in self._chains_of(part)
        ]
        return readers[0] if len(readers) == 1 else _side_by_side(part.rows, readers)

    def _chains_of(self, part: ScriptPart) -> list[ScriptPart]:
        """The saves of each branch of a script, in order; nothing is copied if there is only one."""
        branches = [] if self.table.column("branch") is None else _branches(part.rows)
        if len(set(branches)) < 2:
            return [part] if part.rows else []
        chains: dict[int, ScriptPart] = {}
        for branch, row in zip(branches, part.rows, strict=True):
            chains.setdefault(branch, ScriptPart(SaveRows(), None if chains else part.latest)).rows.append(row)
        return list(chains.values())

    def _chain_rows(self, rows: SaveRows) -> list[ChainRow]:
        return [self._chain_row(row) for row in rows]

    def _chain_row(self, row: SaveRow) -> ChainRow:
        lengths = self.lengths(row)
        patch = self.table.column("patch") or ""
        text = max((length for column, length in lengths.items() if column != patch), default=-1)
        return ChainRow(row.origin.number, text, lengths.get(patch, -1))


def _branches(rows: SaveRows) -> list[int]:
    """For each save the number of its branch, counted from that of the first save."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(row_key([row.branch]), len(numbers)) for row in rows]


def _side_by_side(rows: SaveRows, readers: Sequence[TextReader]) -> TextReader:
    """A reader of the texts of saves on several branches, given one for each branch; or of no saves at all."""
    branches, lengths = _branches(rows), [0] * len(readers)
    own: list[int] = []
    for branch in branches:
        own.append(lengths[branch])
        lengths[branch] += 1

    def texts(places: Sequence[int]) -> Iterator[bytes | Refusal]:
        for branch, together in groupby(places, branches.__getitem__):
            yield from readers[branch]([own[place] for place in together])

    return texts


class _Reader(Protocol):
    """Reads rows by their keys."""

    def read(self, keys: Sequence[Row]) -> Iterator[Row | None]: ...


class _HeldReader:
    """Takes a part of rows that are held."""

    def __init__(self, held: Held, part: slice) -> None:
        self._held, self._part = held, part

    def read(self, keys: Sequence[Row]) -> Iterator[Row | None]:
        """The part of each row in turn; None if there is no row with the key."""
        for key in keys:
            row = self._held.get(key)
            yield None if row is None else row[self._part]


def _groups(parts: Sequence[ScriptPart]) -> Iterator[list[ScriptPart]]:
    """Scripts whose texts and patches are held together; a large one alone."""
    group: list[ScriptPart] = []
    size = 0
    for part in parts:
        own = sum(length for row in part.rows for length in row.lengths if length > 0)
        if group and size + own > MAX_HELD_BYTES:
            yield group
            group, size = [], 0
        group.append(part)
        size += own
    if group:
        yield group


def _held(source: Source, table: MappedTable, keys: Sequence[Row]) -> Held:
    """Texts and patches of rows; the last value of each is its patch."""
    patch = table.column("patch")
    columns = [*_text_columns(table), *([] if patch is None else [patch])]
    found = KeyedReader(source, table.table, table.key_columns, columns).read(keys)
    more = (None,) if patch is None else ()
    return {key: (*row, *more) for key, row in zip(keys, found, strict=True) if row is not None}


def _text_columns(table: MappedTable) -> list[str]:
    return [name for name in map(table.column, ("content", "last_content")) if name is not None]


class _Rows:
    """Reads the rows of a chain."""

    def __init__(self, source: Source, table: MappedTable, rows: SaveRows, held: Held | None = None) -> None:
        self._rows = rows
        if held is not None:
            self._texts: _Reader = _HeldReader(held, slice(0, -1))
            self._patches: _Reader | None = _HeldReader(held, slice(-1, None))
            return
        self._texts = KeyedReader(source, table.table, table.key_columns, _text_columns(table))
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
