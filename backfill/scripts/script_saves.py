"""The saves of one script, from all tables that hold some, and the latest text in the row of the script itself."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from backfill.checks.registry import CHECKS
from backfill.content.recognise import decode
from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import NOT_REBUILT, HistoryForm
from backfill.scripts.histories.save_rows import SaveRow, SaveRows
from backfill.scripts.legacy_script import LegacySave
from backfill.scripts.refused_contents import ContentCheck
from backfill.scripts.script_rows import ScriptRow
from backfill.translate.row_keys import row_key
from backfill.translate.script_lines import script_lines
from domain.errors import Rejected
from domain.submissions.answer import Refusal
from repos.legacy.connection import Row, Source


class TableSaves(NamedTuple):
    """The saves of a script in one table, in order."""

    form: HistoryForm
    rows: SaveRows


class ScriptSaves:
    """The saves of one script, in order; it is a SaveSource. `rows` has them without texts, `tables` counts rows."""

    def __init__(  # noqa: PLR0913 - a script and its tables
        self,
        source: Source,
        parts: Sequence[TableSaves],
        table: MappedTable,
        script: ScriptRow,
        check: ContentCheck,
        *,
        with_head: bool,
    ) -> None:
        self._check = check
        known = (script.updated_at, script.created_at)
        parts = [part._replace(rows=_timed(part.rows, known)) for part in parts]
        with_rows = [part for part in parts if part.rows]
        self.rows = with_rows[0].rows if len(with_rows) == 1 else SaveRows(row for part in parts for row in part.rows)
        # Whether a save may consist of several legacy rows.
        self.has_members = self.rows.has_members
        is_used = script.content is not None and any(part.form.uses_latest and part.rows for part in parts)
        latest = (script.content or b"").decode(errors="surrogateescape") if is_used else None
        self._parts = [(part.form.table, part.rows, part.form.texts(source, part.rows, latest)) for part in parts]
        self._head: LegacySave | None = None
        # The text of the script's own row where it is no save of its own.
        self._unused: LegacySave | None = None
        if with_head and table.content_column is not None:
            last_at = next((row.at for row in reversed(self.rows) if row.at is not None), None)
            own = own_text(script, last_at)
            is_save = bool(own.content.strip() if len(self.rows) else script.content is not None)
            # The application writes the row of the script after the version, or not at all.
            is_old = last_at is not None and own.saved_at < last_at
            head = self._checked(table, script.finding, own)
            is_save = is_save and not is_old and not self._repeats_last(own)
            self._head, self._unused = (head, None) if is_save else (None, head)
        self.tables = Counter[str]()
        # Rows by table that are deleted, and in no text.
        self.deleted = Counter[str]()
        for part in with_rows:
            if part.rows.has_members:
                self.deleted[part.form.table.name] += sum(row.deleted for row in part.rows)
            members = sum(len(row.members) or 1 for row in part.rows) if part.rows.has_members else len(part.rows)
            self.tables[part.form.table.name] += members

    def __len__(self) -> int:
        return len(self.rows) + (self._head is not None)

    def keep_own_text(self, saved_at: int) -> None:
        """Take the text of the script's own row as a save although it is empty or old, or the last save has it.

        The ledger has an older text of that row, of this time, as the last save: the application changed or removed it.
        After a newer save it is old indeed.
        """
        if self._unused is not None and not any(row.at is not None and row.at > saved_at for row in self.rows):
            at = max((row.at for row in self.rows if row.at is not None), default=0)
            self._head, self._unused = replace(self._unused, saved_at=max(self._unused.saved_at, at)), None

    def row(self, place: int) -> tuple[str, str]:
        """Table and key of the save at a place, counted from 0, as its origin names them."""
        if place < len(self.rows):
            origin = self.rows[place].origin
        else:
            assert self._head is not None  # noqa: S101 - places end there
            origin = self._head.origin
        return origin.table, origin.key

    def weight(self, place: int) -> int:
        """How many legacy rows the save at a place consists of."""
        return len(self.rows[place].members) or 1 if self.has_members and place < len(self.rows) else 1

    def saved_at(self, place: int) -> int | None:
        """The time of the save at a place, as far as it is known."""
        if place < len(self.rows):
            return self.rows[place].at
        return None if self._head is None else self._head.saved_at

    def source_rows(self, place: int) -> list[tuple[str, str]]:
        """Tables and keys of the rows of a save, the keys as JSON lists; none for the row of the script."""
        if place >= len(self.rows):
            return []
        name, row = self._table_of(place).name, self.rows[place]
        return [(name, row_key(key)) for key in row.members or (row.key,)]

    def _table_of(self, place: int) -> MappedTable:
        """The table of the save at a place."""
        for table, rows, _ in self._parts:
            if place < len(rows):
                return table
            place -= len(rows)
        raise IndexError(place)

    def read(self, start: int) -> Iterator[LegacySave]:
        """The saves from a place on."""
        return self.read_places(range(start, len(self)))

    def read_places(self, places: Sequence[int]) -> Iterator[LegacySave]:
        """The saves at these places, which ascend."""
        first = at = 0
        for table, rows, texts in self._parts:
            begin = at
            at = bisect_left(places, first + len(rows))
            if here := _shifted(places[begin:at], first):
                read = texts(here)
                for place in here:
                    row = rows[place]
                    yield self._checked(table, row.key, _save(table, row, next(read)), row.members)
            first += len(rows)
        if self._head is not None and at < len(places):
            yield self._head

    def _repeats_last(self, own: LegacySave) -> bool:
        """Whether the last save has the text of the script's own row."""
        if not self.rows:
            return False
        [last] = self.read(len(self.rows) - 1)
        return last.refusal is None and _same(last, own)

    def _checked(self, table: MappedTable, key: Row, save: LegacySave, members: Sequence[Row] = ()) -> LegacySave:
        """The save, refused if its content is."""
        if save.refusal is not None:
            return save
        refusal = self._check(table, () if members else key, save.content)
        if refusal is not None and members:
            refusal = self._line_refusal(table, members, save.content)
        return save if refusal is None else replace(save, content=b"", refusal=refusal)

    def _line_refusal(self, table: MappedTable, members: Sequence[Row], content: bytes) -> Refusal | None:
        """The refusal of the first line that has one: each is a row, about which the mapping may decide."""
        lines = json.loads(content.decode(errors="surrogateescape"))["lines"]
        texts = (line["content"].encode(errors="surrogateescape") for line in lines)
        found = (self._check(table, key, text) for key, text in zip(members, texts, strict=bool(lines)))
        return next((refusal for refusal in found if refusal is not None), None)


def _shifted(places: Sequence[int], by: int) -> Sequence[int]:
    """The places counted from another one; a range stays a range, because there may be 100,000."""
    if isinstance(places, range):
        return range(places.start - by, places.stop - by, places.step)
    return [place - by for place in places]


def _timed(rows: SaveRows, known: Sequence[int | None]) -> SaveRows:
    """Rows whose table has no times with those of the script."""
    if rows.have_times:
        return rows
    at = next((each for each in known if each is not None), None)
    return SaveRows(row if row.at is not None else row._replace(at=at) for row in rows)


def _save(table: MappedTable, row: SaveRow, text: bytes | Refusal) -> LegacySave:
    refusal, content = row.refusal, b""
    if not isinstance(text, Refusal):
        content = text
    elif refusal is None:
        refusal = text if text.code in CHECKS else Refusal(NOT_REBUILT, text.message)
    # A save of several rows is written by its form, as JSON lines.
    shape = "json_lines" if row.members else table.content_shape_of(row.key)
    return LegacySave(row.origin, content, row.at or 0, shape, refusal)


def own_text(script: ScriptRow, last_at: int | None) -> LegacySave:
    """The text of the script's own row as a save after all others."""
    at = script.updated_at if script.updated_at is not None else script.created_at
    origin = replace(script.origin, number=script.counter)
    return LegacySave(origin, script.content or b"", at if at is not None else last_at or 0, script.shape)


def _same(last: LegacySave, own: LegacySave) -> bool:
    try:
        before, after = decode(last.content, last.shape), decode(own.content, own.shape)
        return script_lines(before) == script_lines(after)
    except Rejected:
        return last.content == own.content
