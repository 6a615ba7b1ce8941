"""The base of forms with one row a save: its columns but the large ones, and the order of the rows."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import SAME_KEY, FormOptions, HistoryForm, TextReader
from backfill.scripts.histories.save_rows import SaveRow, SaveRows
from backfill.scripts.written_by import Writers, actor_name, our_author
from backfill.translate.row_keys import key_rank, never_repeated, origin_key, row_key
from backfill.translate.source_rows import FieldReader, picked
from backfill.translate.words import count_of, text_of, word_reader
from domain.submissions.answer import Refusal
from domain.submissions.origin import MAX_TABLE, Origin
from repos.legacy.connection import Row, Source
from repos.legacy.rows import read_pages

# The digits of a DECIMAL at most.
_WHOLE = re.compile(r"-?[0-9]{1,65}", re.ASCII)
OTHER_BRANCH = Refusal("L43", "The save is on another branch than the first save of its script.")
LARGE = ("content", "last_content", "patch")


class ScriptPart(NamedTuple):
    """The saves of a script in one table, and the text of the script itself."""

    rows: SaveRows
    latest: str | None


class RowPerSave(HistoryForm):
    """One row a save."""

    # Large fields whose lengths are read with the rows.
    measured: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: FormOptions) -> None:
        super().__init__(options)
        table, self._merged = self.table, options.merged_users
        self._reader = reader = FieldReader(table, options.hash_key)
        unneeded = {name for name, field in table.fields.items() if field in LARGE or field.startswith("metadata.")}
        writers = {writer.column for rule in table.rule.columns.values() for writer in rule.writers}
        needed = {*table.key_columns, *writers}
        self._columns = [name for name in reader.columns if name not in unneeded or name in needed]
        # The places of the columns that the reader takes in the rows that are read, the last one for those left out.
        places = [self._columns.index(name) if name in self._columns else len(self._columns) for name in reader.columns]
        self._wide = picked(places)
        self._measured = [name for field in self.measured if (name := table.column(field)) is not None]
        self._number, self._branch = reader.value("version_number"), reader.value("branch")
        self._author, self._actor = reader.value("author"), reader.value("actor")
        self._created = reader.moment("created_at")
        # Keys that count upwards tell which row was written before another one.
        self._keys_rise = [table.described(name).kind for name in table.key_columns] == ["integer"]
        self._may_repeat = options.is_repeated is not never_repeated
        self._key = tuple(reader.columns.index(name) for name in table.key_columns)
        author = table.column("author")
        self._word = None if author is None else word_reader(table.rule_of(author), reader.known("author"))

    def rows_of(self, source: Source, scripts: Sequence[Any]) -> list[SaveRows]:
        """The saves of several scripts, read together; without what commands say of their writers."""
        column, writers = str(self.table.column("script_id")), Writers()
        wanted = tuple(dict.fromkeys(fitting(self.table, column, script) for script in scripts))
        found = {row_key([script]): SaveRows() for script in scripts}
        place, width = self._reader.columns.index(column), len(self._columns)
        where = {column: wanted}
        for page in read_pages(source, self.table.table, self._columns, where=where, lengths=self._measured):
            for read in page:
                row = self._wide((*read.values[:width], None))
                if (rows := found.get(row_key([row[place]]))) is not None:
                    rows.append(self._save(row, read.values[width:], writers, rows))
        return [self.arranged(in_order(found[row_key([script])])) for script in scripts]

    def refusals(self, source: Source, parts: Sequence[ScriptPart]) -> Iterator[list[Refusal | None]]:
        """Why saves have no text, script by script; None for those that have one."""
        for rows, latest in parts:
            texts = self.texts(source, rows, latest)(range(len(rows))) if rows else ()
            yield [text if isinstance(text, Refusal) else None for text in texts]

    def rows(self, source: Source, script: Any, writers: Writers) -> SaveRows:
        column = str(self.table.column("script_id"))
        wanted = fitting(self.table, column, script)
        found = SaveRows()
        key = row_key([script])
        script_place = self._reader.columns.index(column)
        # The value of the row before, which need not be compared as a key again.
        same: Any = self
        pages = read_pages(source, self.table.table, self._columns, where={column: wanted}, lengths=self._measured)
        width = len(self._columns)
        for page in pages:
            for read in page:
                row = self._wide((*read.values[:width], None))
                value = row[script_place]
                if (value.__class__ is same.__class__ and value == same) or row_key([value]) == key:
                    same = value
                    found.append(self._save(row, read.values[width:], writers, found))
        return self.arranged(in_order(found))

    def arranged(self, rows: SaveRows) -> SaveRows:
        """The rows, given in order; of a script with branches those of the first save's are its history."""
        if self.table.column("branch") is None or self.table.rule.branches == "own_script" or not rows:
            return rows
        own = rows[0].branch
        return SaveRows(row if row.branch == own else row._replace(refusal=OTHER_BRANCH) for row in rows)

    @abstractmethod
    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader: ...

    def lengths(self, row: SaveRow) -> dict[str, int]:
        """The lengths of the measured fields of a row, by column."""
        return dict(zip(self._measured, row.lengths, strict=True))

    def _save(self, row: Row, lengths: Row, writers: Writers, before: SaveRows) -> SaveRow:
        number, _ = count_of(self._number(row))
        key = tuple(row[place] for place in self._key)
        author, actor = writers.of(number)
        if self._word is not None:
            author = our_author(self._word(self._author(row))[0])
        if (value := self._actor(row)) is not None:
            actor = actor_name(value, self._merged)
        origin = Origin(
            table=self.table.name[:MAX_TABLE], key=origin_key(key), number=number, author=author, actor=actor
        )
        at, _ = self._created(row, before.last_time if self._keys_rise else None)
        refusal = SAME_KEY if self._may_repeat and self.is_repeated(row_key(key)) else None
        return SaveRow(key, origin, at, self._branch(row), refusal, tuple(map(int, lengths)))


def fitting(table: MappedTable, column: str, value: Any) -> Any:
    """A key as the column of another table holds it, which may have another type."""
    kind = table.described(column).kind
    text = text_of(value) if not isinstance(value, int) else str(value)
    if kind in ("integer", "decimal") and _WHOLE.fullmatch(text):
        return int(text)
    return text if kind in ("text", "enum") else value


def in_order(found: SaveRows) -> SaveRows:
    """By number, and those of one number by time and key; rows without a number by their time among the others.

    Where the numbers began again, as after a restore, the order is that of the times. A time that is missing is that of
    the save before, or else of the first that has one.
    """
    if found.are_in_order:
        return found
    last: int | None = None
    numbered = sorted(
        (row for row in found if row.origin.number),
        key=lambda row: (row.origin.number or 0, row.at or 0, key_rank(row.key)),
    )
    numbered = _by_time_if_begun_again(numbered)
    placed: list[tuple[int, int, int, SaveRow]] = []
    for place, row in enumerate(numbered):
        last = row.at if row.at is not None and (last is None or row.at > last) else last
        placed.append((last or 0, 0, place, row))
    others = sorted((row for row in found if not row.origin.number), key=lambda row: (row.at or 0, key_rank(row.key)))
    placed += [(row.at or 0, 1, place, row) for place, row in enumerate(others)]
    rows = [row for *_, row in sorted(placed, key=lambda each: each[:3])] if others else [row for *_, row in placed]
    at = next((row.at for row in rows if row.at is not None), None)
    timed = SaveRows()
    for row in rows:
        at = at if row.at is None else row.at
        timed.append(row if row.at is not None or at is None else row._replace(at=at))
    return timed


def _by_time_if_begun_again(numbered: list[SaveRow]) -> list[SaveRow]:
    """Saves, given by number, by time instead where a branch has numbers twice because they began again.

    By time they count the saves, begin again no more often than times run backwards by number, and none follows itself:
    that is how two saves at once look, or a clock that is wrong. Saves without a time show nothing.
    """
    pairs = _successive(numbered)
    if all(number != next_number for (number, _), (next_number, _) in pairs) or any(row.at is None for row in numbered):
        return numbered
    by_time = sorted(numbered, key=lambda row: (row.at or 0, row.origin.number or 0, key_rank(row.key)))
    backwards = sum(at < before for (_, before), (_, at) in pairs)
    steps = [number - before for (before, _), (number, _) in _successive(by_time)]
    begun_again = sum(step < 0 for step in steps)
    is_shown = 0 not in steps and begun_again <= backwards and 2 * steps.count(1) >= len(steps) - begun_again
    return by_time if is_shown else numbered


def _successive(rows: Sequence[SaveRow]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Number and time of each two saves of a branch that follow each other."""
    branches: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        branches.setdefault(row_key([row.branch]), []).append((row.origin.number or 0, row.at or 0))
    return [pair for saves in branches.values() for pair in pairwise(saves)]
