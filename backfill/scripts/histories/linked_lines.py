"""Lines as rows that link to their neighbours, or have a place: all lines of a script, or of one revision, are a save.

Rows that are marked as deleted are not in its text; a save of which all rows are deleted has no lines.

The save is written as JSON lines, from which the rows follow again: each has its key, its format and its text, and its
neighbours are those in the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from backfill.content.linked_lines import Link, in_order, past_deleted
from backfill.content.refusals import LinksBroken
from backfill.mapping.flags import deletion_reader
from backfill.scripts.histories.history_form import (
    ROW_GONE,
    SAME_KEY,
    FormOptions,
    HistoryForm,
    TextReader,
    history_form,
)
from backfill.scripts.histories.row_per_save import fitting
from backfill.scripts.histories.save_rows import SaveRow, SaveRows
from backfill.scripts.written_by import Writers
from backfill.translate.row_keys import origin_key, row_key
from backfill.translate.source_rows import FieldReader
from backfill.translate.words import count_of, text_of
from domain.script.script_size import MAX_LINES
from domain.submissions.answer import Refusal
from domain.submissions.origin import MAX_TABLE, Origin
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader
from repos.legacy.rows import read_pages

# How applications write that there is no neighbour, besides NULL.
NO_NEIGHBOUR = ("[0]", '[""]', "[-1]")
UNKNOWN_FORMAT = "general"


@history_form
class LinkedLines(HistoryForm):
    """A table of lines."""

    names: ClassVar[tuple[str, ...]] = ("none", "head", "linked_lines")
    target: ClassVar[str] = "lines"

    def __init__(self, options: FormOptions) -> None:
        super().__init__(options)
        table = self.table
        self._reader = reader = FieldReader(table, options.hash_key)
        content = table.column("content")
        self._columns = [name for name in reader.columns if name != content or name in table.key_columns]
        self._key = [reader.columns.index(name) for name in table.key_columns]
        self._id, self._revision = reader.value("id"), reader.value("revision")
        self._next, self._previous = reader.value("next"), reader.value("previous")
        self._position, self._created = reader.value("position"), reader.moment("created_at")
        self._is_deleted = deletion_reader(table, reader.columns)

    def rows(self, source: Source, script: Any, writers: Writers) -> SaveRows:  # noqa: ARG002 - lines have no number of a version
        column = str(self.table.column("script_id"))
        wanted, key = fitting(self.table, column, script), row_key([script])
        place = self._reader.columns.index(column)
        revisions: dict[str, list[Row]] = {}
        for page in read_pages(source, self.table.table, self._columns, where={column: wanted}):
            for read in page:
                by_name = dict(zip(self._columns, read.values, strict=True))
                row = tuple(by_name.get(name) for name in self._reader.columns)
                if row_key([row[place]]) == key:
                    revisions.setdefault(row_key([self._revision(row)]), []).append(row)
        saves = [self._save(script, rows) for rows in revisions.values()]
        return SaveRows(sorted(saves, key=lambda save: (save.origin.number or 0, save.at or 0, save.origin.key)))

    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader:  # noqa: ARG002 - each save has its lines
        table = self.table
        names = [str(table.column("id")), str(table.column("content"))]
        if (form := table.column("format")) is not None:
            names.append(form)
        words = {} if form is None else table.rule_of(form).values

        def read(places: Sequence[int]) -> Iterator[bytes | Refusal]:
            reader = KeyedReader(source, table.table, table.key_columns, names)
            for save in (rows[place] for place in places):
                found = [] if save.refusal is not None or save.wiped else [*reader.read(save.members)]
                yield ROW_GONE if None in found else _content([row for row in found if row is not None], words)

        return read

    def _save(self, script: Any, rows: Sequence[Row]) -> SaveRow:
        revision = self._revision(rows[0])
        deleted = [row for row in rows if self._is_deleted(row)]
        left = [row for row in rows if not self._is_deleted(row)] if deleted else rows
        wiped = not left
        keys = {row_key([self._id(row)]): tuple(row[place] for place in self._key) for row in left}
        members = tuple(tuple(row[place] for place in self._key) for row in left or rows)
        refusal = SAME_KEY if any(self.is_repeated(row_key(key)) for key in members) else None
        try:
            members = members if wiped else tuple(keys[key] for key in self._in_order(left, deleted))
        except LinksBroken as broken:
            refusal = refusal or Refusal("L43", broken.message)
        number = count_of(revision)[0]
        name = [script] if revision is None else [script, revision]
        origin = Origin(table=self.table.name[:MAX_TABLE], key=origin_key(name), number=number)
        at = max((at for row in rows if (at := self._created(row)[0]) is not None), default=None)
        aside = 0 if wiped else len(deleted)
        return SaveRow((script,), origin, at, refusal=refusal, members=members, deleted=aside, wiped=wiped)

    def _in_order(self, rows: Sequence[Row], deleted: Sequence[Row]) -> list[str]:
        """The ids of the lines from the first to the last, without those that are deleted (LinksBroken)."""
        ids = {row_key([self._id(row)]) for row in rows}
        if len(ids) < len(rows):
            raise LinksBroken(problem="two of them have one id")
        if len(rows) > MAX_LINES:
            raise LinksBroken(problem=f"there are more than {MAX_LINES}")
        has_next, has_previous = self.table.has("next"), self.table.has("previous")
        if not has_next and not has_previous:
            return [row_key([self._id(row)]) for row in sorted(rows, key=lambda row: _place(self._position(row)))]
        gone = {row_key([self._id(row)]) for row in deleted} - ids
        every = {row_key([self._id(row)]): row for row in (*deleted, *rows)}
        known = every.keys()
        after = past_deleted({key: _neighbour(self._next(row), known) for key, row in every.items()}, gone)
        before = past_deleted({key: _neighbour(self._previous(row), known) for key, row in every.items()}, gone)
        if not has_next:
            after = _inverted(before, "before")
        if not has_previous:
            before = _inverted(after, "after")
        return in_order(Link(key, before.get(key), after.get(key)) for key in before.keys() | after.keys())


def _content(rows: Sequence[Row], words: Mapping[str, str]) -> bytes:
    """The rows as a save in JSON; `words` are formats in the place of others."""
    lines = [
        {
            "id": text_of(line_id),
            "format": _format(form, words),
            "content": "" if content is None else text_of(content),
        }
        for line_id, content, *form in rows
    ]
    text = json.dumps({"version": 2, "lines": lines}, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="surrogateescape")


def _format(form: Sequence[Any], words: Mapping[str, str]) -> str:
    if not form:
        return UNKNOWN_FORMAT
    word = "" if form[0] is None else text_of(form[0])
    return words.get(word, word)


def _neighbour(value: Any, ids: Set[str]) -> str | None:
    key = row_key([value])
    return None if value is None or (key in NO_NEIGHBOUR and key not in ids) else key


def _inverted(links: dict[str, str | None], where: str) -> dict[str, str | None]:
    """The links in the other direction."""
    named = [other for other in links.values() if other is not None]
    if len(set(named)) < len(named):
        raise LinksBroken(problem=f"two lines have the same line {where} them")
    if not links.keys() >= set(named):
        raise LinksBroken(problem=f"the line {where} one of them is missing")
    return {**dict.fromkeys(links), **{other: key for key, other in links.items() if other is not None}}


def _place(value: Any) -> tuple[Decimal, str]:
    """What lines are sorted by; those without a place come first, as in SQL."""
    text = "" if value is None else text_of(value)
    try:
        number = Decimal(text) if text else Decimal("-Infinity")
    except InvalidOperation:
        return Decimal("Infinity"), text
    return (Decimal("-Infinity"), "") if number.is_nan() else (number, "")
