"""The saves of one script where each is stored whole: rows of versions, and the latest text of the script itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from backfill.checks.mapped_table import MappedTable
from backfill.content.recognise import decode
from backfill.scripts.legacy_script import LegacySave
from backfill.scripts.script_rows import ScriptRow
from backfill.scripts.written_by import Writers, our_author
from backfill.translate.moments import Doubt
from backfill.translate.row_keys import origin_key, row_key
from backfill.translate.script_lines import script_lines
from backfill.translate.source_rows import FieldReader
from backfill.translate.words import count_of, text_of, word_reader
from domain.errors import Rejected
from domain.submissions.answer import Refusal
from domain.submissions.origin import MAX_ACTOR, MAX_TABLE, Origin
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader
from repos.legacy.rows import read_pages

NO_TEXT = Refusal("L22", "The row has no text.")
ROW_GONE = Refusal("L20", "The row was there when the saves were listed, and is no longer.")
OTHER_BRANCH = Refusal("L43", "The save is on another branch than the first save of its script.")
# Histories whose rows hold whole texts.
WHOLE = ("none", "head", "full_saves", "branches", "hashes")
NOT_WHOLE = Refusal("history_not_read", "The history is not stored as whole texts, and cannot be read yet.")


class SaveRow(NamedTuple):
    """A row of versions without its text; `at` is never None once the rows are in order."""

    key: Row
    origin: Origin
    at: int | None
    branch: Any = None
    refusal: Refusal | None = None


class FullSaves:
    """The saves of one script, in order; it is a SaveSource.

    `tables` counts the rows of each table, `rows` has them without texts.
    """

    def __init__(self, source: Source, rows: Sequence[tuple[MappedTable, SaveRow]], head: LegacySave | None) -> None:
        self._source = source
        self.rows = rows
        self._head = head
        self.tables = Counter(table.name for table, _ in rows)

    def __len__(self) -> int:
        return len(self.rows) + (self._head is not None)

    def row(self, place: int) -> tuple[str, str]:
        """Table and key of the save at a place, counted from 0, as its origin names them."""
        origin = self._origin(place)
        return origin.table, origin.key

    def source_row(self, place: int) -> tuple[str, str]:
        """Table and key of the save at a place, the key as a JSON list; empty for the row of the script."""
        if place >= len(self.rows):
            return "", ""
        table, row = self.rows[place]
        return table.name, row_key(row.key)

    def read(self, start: int) -> Iterator[LegacySave]:
        """The saves from a place on."""
        place = start
        while place < len(self.rows):
            table = self.rows[place][0]
            end = next((at for at in range(place, len(self.rows)) if self.rows[at][0] is not table), len(self.rows))
            yield from self._of_table(table, [row for _, row in self.rows[place:end]])
            place = end
        if self._head is not None and start <= len(self.rows):
            yield self._head

    def _origin(self, place: int) -> Origin:
        if place < len(self.rows):
            return self.rows[place][1].origin
        assert self._head is not None  # noqa: S101 - places end there
        return self._head.origin

    def _of_table(self, table: MappedTable, rows: Sequence[SaveRow]) -> Iterator[LegacySave]:
        column = table.content_column
        if column is None:
            for row in rows:
                yield LegacySave(row.origin, b"", row.at or 0, refusal=row.refusal or NO_TEXT)
            return
        reader = KeyedReader(self._source, table.table, table.key_columns, [column], contents=[column])
        for row, found in zip(rows, reader.read([row.key for row in rows]), strict=True):
            refusal, content = row.refusal, b""
            if found is None:
                refusal = ROW_GONE
            elif found[0] is None:
                refusal = refusal or NO_TEXT
            else:
                content = found[0] if isinstance(found[0], bytes) else str(found[0]).encode(errors="surrogateescape")
            shape = table.content_shape(table.shown_key(row.key))
            yield LegacySave(row.origin, content, row.at or 0, shape, refusal)


class SaveTable:
    """One table of versions."""

    def __init__(self, table: MappedTable, hash_key: bytes) -> None:
        self.table = table
        self._reader = reader = FieldReader(table, hash_key)
        large = {name for name in (table.content_column, table.column("patch")) if name is not None}
        self._columns = [name for name in reader.columns if name not in large or name in table.key_columns]
        self._number, self._branch = reader.value("version_number"), reader.value("branch")
        self._author, self._actor = reader.value("author"), reader.value("actor")
        self._created = reader.moment("created_at")
        self._key = tuple(reader.columns.index(name) for name in table.key_columns)
        author = table.column("author")
        self._word = None if author is None else word_reader(table.rule_of(author), reader.known("author"))

    def rows(self, source: Source, script: Any, writers: Writers) -> list[SaveRow]:
        """The saves of a script, in order, each with a time."""
        column = str(self.table.column("script_id"))
        wanted = fitting(self.table, column, script)
        whole = self.table.rule.history in WHOLE
        found: list[tuple[int | None, SaveRow, Doubt]] = []
        key = row_key([script])
        script_place = self._reader.columns.index(column)
        for page in read_pages(source, self.table.table, self._columns, where={column: wanted}):
            for read in page:
                row = self._wide(read.values)
                if row_key([row[script_place]]) == key:
                    found.append(self._save(row, writers, whole=whole))
        rows = _in_order(found)
        if self.table.rule.history == "branches" and rows:
            first = rows[0].branch
            rows = [row if row.branch == first else row._replace(refusal=OTHER_BRANCH) for row in rows]
        return rows

    def _wide(self, values: Row) -> Row:
        """A row as the reader takes it, without the large columns."""
        by_name = dict(zip(self._columns, values, strict=True))
        return tuple(by_name.get(name) for name in self._reader.columns)

    def _save(self, row: Row, writers: Writers, *, whole: bool) -> tuple[int | None, SaveRow, Doubt]:
        number, _ = count_of(self._number(row))
        key = tuple(row[place] for place in self._key)
        author, actor = writers.of(number)
        if self._word is not None:
            author = our_author(self._word(self._author(row))[0])
        if (value := self._actor(row)) is not None:
            actor = origin_key([value])[:MAX_ACTOR]
        origin = Origin(
            table=self.table.name[:MAX_TABLE], key=origin_key(key), number=number, author=author, actor=actor
        )
        at, doubt = self._created(row)
        refusal = None if whole else NOT_WHOLE
        return number, SaveRow(key, origin, at, self._branch(row), refusal), doubt


def latest_save(script: ScriptRow, saves: FullSaves, last_at: int | None) -> LegacySave | None:
    """The text of the script's own row as a save after all others; None if it has none, or that of the last one."""
    if script.content is None or (len(saves) and not script.content.strip()):
        return None
    at = script.updated_at if script.updated_at is not None else script.created_at
    if len(saves):
        if at is not None and last_at is not None and at < last_at:
            return None  # the application writes the row of the script after the version, or not at all
        [last] = saves.read(len(saves) - 1)
        if last.refusal is None and _same(last, script):
            return None
    origin = replace(script.origin, number=script.counter)
    return LegacySave(origin, script.content, at if at is not None else last_at or 0, script.shape)


def fitting(table: MappedTable, column: str, value: Any) -> Any:
    """A key as the column of another table holds it, which may have another type."""
    kind = table.described(column).kind
    text = text_of(value) if not isinstance(value, int) else str(value)
    if kind in ("integer", "decimal") and text.lstrip("-").isdigit():
        return int(text)
    return text if kind in ("text", "enum") else value


def _same(last: LegacySave, script: ScriptRow) -> bool:
    try:
        before, after = decode(last.content, last.shape), decode(script.content or b"", script.shape)
        return script_lines(before) == script_lines(after)
    except Rejected:
        return last.content == script.content


def _in_order(found: list[tuple[int | None, SaveRow, Doubt]]) -> list[SaveRow]:
    """By number, and those of one number by time; rows without a number by their time among the others.

    A time that is missing is that of the save before, or else of the first that has one.
    """
    last: int | None = None
    numbered = sorted(
        (each for each in found if each[0]), key=lambda each: (each[0] or 0, each[1].at or 0, each[1].origin.key)
    )
    placed: list[tuple[int, int, int, SaveRow]] = []
    for place, (_, row, _doubt) in enumerate(numbered):
        last = row.at if row.at is not None and (last is None or row.at > last) else last
        placed.append((last or 0, 0, place, row))
    others = sorted((each[1] for each in found if not each[0]), key=lambda row: (row.at or 0, row.origin.key))
    placed += [(row.at or 0, 1, place, row) for place, row in enumerate(others)]
    rows = [row for *_, row in sorted(placed, key=lambda each: each[:3])] if others else [row for *_, row in placed]
    at = next((row.at for row in rows if row.at is not None), None)
    timed = []
    for row in rows:
        at = at if row.at is None else row.at
        timed.append(row if row.at is not None or at is None else row._replace(at=at))
    return timed
