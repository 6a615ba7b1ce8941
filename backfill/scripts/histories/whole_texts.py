"""Full saves: each row holds its whole text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import NO_TEXT, ROW_GONE, TextReader, history_form
from backfill.scripts.histories.row_per_save import RowPerSave
from backfill.scripts.histories.save_rows import SaveRows
from domain.submissions.answer import Refusal
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader


@history_form
class WholeTexts(RowPerSave):
    """One row a save, with the whole text."""

    names: ClassVar[tuple[str, ...]] = ("none", "head", "full_saves", "branches")

    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader:  # noqa: ARG002 - each row has its text
        return lambda places: stored_texts(source, self.table, rows, places)


def stored_texts(
    source: Source, table: MappedTable, rows: SaveRows, places: Sequence[int]
) -> Iterator[bytes | Refusal]:
    """The texts of the rows at these places, from the column of contents."""
    column = table.content_column
    if column is None:
        yield from [NO_TEXT] * len(places)
        return
    reader = KeyedReader(source, table.table, table.key_columns, [column], contents=[column])
    stored = reader.read(rows.keys(places))
    # Nothing here refers to a text while it is used: it may be of 16 MiB.
    for place in places:
        yield _text_of(next(stored), rows, place)


def _text_of(found: Row | None, rows: SaveRows, place: int) -> bytes | Refusal:
    if found is None:
        return rows[place].refusal or ROW_GONE
    if found[0] is None:
        return NO_TEXT
    return found[0] if isinstance(found[0], bytes) else str(found[0]).encode(errors="surrogateescape")
