"""Rows of a table of scripts: what each becomes, or why it is set aside. Nothing of the ledger is looked up.

A value that had to be repaired is returned as it was, to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from backfill.content.strict_json import parse
from backfill.mapping.flags import flag_reader
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping, RowDecision
from backfill.mapping.targets import ARCHIVED
from backfill.translate.row_keys import origin_key, whole_key
from backfill.translate.source_rows import FieldReader, Problem, decision, decoded_once
from backfill.translate.words import count_of, repaired_line, repaired_text, text_of, word_reader
from domain.errors import Rejected
from domain.script.metadata import MAX_TITLE, check_metadata
from domain.script.state import Value
from domain.submissions.origin import MAX_TABLE, Origin
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader
from repos.legacy.rows import read_pages

UNTITLED = "Untitled"
# The status of a script whose status only says that it was deleted.
UNKNOWN = "unknown"


class ScriptRow(NamedTuple):
    """A script as its row has it. `owner` is the id of a legacy user, `number` 0 if the script gets a new one.

    `problem` says why it is set aside, `skipped` that the mapping leaves it out; otherwise it is brought over.
    `new_owner` is the legacy id of the user to whom the mapping gives a script without an owner, and
    `without_owner` is what it decides on the row if its owner does not come over (L05).
    """

    key: str
    finding: Row
    hash: bytes
    origin: Origin
    id: Any
    number: int
    title: str
    metadata: dict[str, Value]
    owner: Any
    new_owner: str | int | None
    created_at: int | None
    updated_at: int | None
    archived_at: int | None
    archived: bool
    counter: int | None
    content: bytes | None
    shape: str | None
    repaired: dict[str, Any]
    problem: Problem | None = None
    skipped: bool = False
    without_owner: RowDecision | None = None


class ScriptRows:
    """The rows of one table, by their keys."""

    def __init__(self, table: MappedTable, mapping: Mapping, hash_key: bytes) -> None:
        self.table = table
        self._mapping = mapping
        self._reader = reader = FieldReader(table, hash_key)
        self._id, self._owner, self._title = reader.value("id"), reader.value("user_id"), reader.value("title")
        self._status, self._counter = reader.value("status"), reader.value("version_number")
        self._content, self._archived = reader.value("content"), reader.value("archived")
        self._created, self._updated = reader.moment("created_at"), reader.moment("updated_at")
        self._archived_at = reader.moment("archived_at")
        self._members = reader.members("metadata")
        status, flag = table.column("status"), table.column("archived")
        self._word = None if status is None else word_reader(table.rule_of(status), reader.known("status"))
        self._flag = None if flag is None else flag_reader(table.rule_of(flag))

    def read(self, source: Source, script: Any) -> ScriptRow | None:
        """The row with this id; None if there is none."""
        return next(self.read_several(source, [script]))

    def read_several(self, source: Source, scripts: Sequence[Any]) -> Iterator[ScriptRow | None]:
        """The rows with these ids, in their order; None where there is none."""
        columns, content = self._reader.columns, self.table.content_column
        key = (str(self.table.column("id")),)
        reader = KeyedReader(source, self.table.table, key, columns, contents=[content] if content else [])
        for row in reader.read([(script,) for script in scripts]):
            yield None if row is None else self.translate(row)

    def read_all(self, source: Source) -> Iterator[ScriptRow]:
        """The rows with an id, a page at a time."""
        place = self._reader.columns.index(str(self.table.column("id")))
        for page in read_pages(source, self.table.table, self._reader.columns):
            yield from (self.translate(row.values) for row in page if row.values[place] is not None)
            del page  # or it would stay while the next one is read

    def translate(self, row: Row) -> ScriptRow:
        """What a row becomes."""
        reader, repaired = self._reader, dict[str, Any]()
        finding = reader.finding_key(row)
        content = self._content(row)
        archived_at, _ = self._archived_at(row)
        problem, skipped, new_owner = self._owner_problem(row, finding)
        number = self._number(row)
        if isinstance(number, Problem):
            problem, number = number, 0
        texts = self._texts(row, finding)
        if texts is None:
            skipped = True
        elif isinstance(texts, Problem):
            problem = problem or texts
        texts = texts if isinstance(texts, dict) else {}
        return ScriptRow(
            key=reader.key(row),
            finding=finding,
            hash=reader.hash(row),
            origin=Origin(table=self.table.name[:MAX_TABLE], key=origin_key([self._id(row)])),
            id=self._id(row),
            number=number,
            title=self._title_of(row, repaired, texts),
            metadata=dict(self._metadata(row, repaired, texts)),
            owner=self._owner(row),
            new_owner=new_owner,
            created_at=self._moment(row, "created_at", self._created, repaired),
            updated_at=self._moment(row, "updated_at", self._updated, repaired),
            archived_at=archived_at,
            archived=archived_at is not None
            or (self._flag is not None and self._flag(self._archived(row)))
            or (self._word is not None and self._word(self._status(row))[0] == ARCHIVED),
            counter=count_of(self._counter(row))[0],
            content=content.encode(errors="surrogateescape") if isinstance(content, str) else content,
            shape=self.table.content_shape_of(finding),
            repaired=repaired,
            problem=problem,
            skipped=skipped,
            without_owner=self.table.rule.decision("L05", finding),
        )

    def _number(self, row: Row) -> int | Problem:
        value = self._id(row)
        if (mapped := self.table.rule.key_map.get(text_of(value))) is not None:
            return mapped
        if self.table.rule.keys == "assigned":
            return 0
        number = whole_key(value)
        if number is None or number < 1:
            return Problem("L40", "The id is no whole number from 1 below 2^53.", self.table.column("id"))
        return number

    def _owner_problem(self, row: Row, finding: Row) -> tuple[Problem | None, bool, str | int | None]:
        """Why a row without one owner is set aside; whether it is left out; and the owner whom the mapping gives."""
        column = self.table.column("user_id")
        owner = self._owner(row)
        code = "L30" if whole_key(owner) == 0 else "L06"
        if column is None or (owner is not None and code == "L06"):
            return None, False, None
        do, chosen = decision(self._mapping, self.table, code, finding)
        if do == "assign" and chosen is not None:
            return None, False, chosen.to
        if do == "skip":
            return None, True, None
        if code == "L06" and do in ("accept", "report"):
            return None, False, None
        sentence = "The script has no owner." if code == "L06" else "User 0 is not one user: give the script an owner."
        return Problem(code, sentence, column), False, None

    def _texts(self, row: Row, finding: Row) -> dict[str, str] | Problem | None:
        """Title and other texts that are not as the row has them, by column; why the row is set aside, or None."""
        title = self.table.column("title")
        values = [(title, self._title(row)), *((column, value_of(row)) for column, _, value_of in self._members)]
        texts = dict[str, str]()
        for column, value in values:
            if column is None or not isinstance(value, str) or value.isascii():
                continue
            text = decoded_once(self._mapping, self.table, finding, column, value)
            if not isinstance(text, str):
                return text
            if text != value:
                texts[column] = text
        return texts

    def _title_of(self, row: Row, repaired: dict[str, Any], texts: dict[str, str]) -> str:
        value = self._title(row)
        text = value if value is None else texts.get(self.table.column("title") or "", text_of(value))
        title = UNTITLED if text is None else repaired_line(text)[:MAX_TITLE]
        if title != value and (column := self.table.column("title")) is not None:
            repaired[column] = value
        return title

    def _metadata(self, row: Row, repaired: dict[str, Any], texts: dict[str, str]) -> Iterator[tuple[str, Value]]:
        if self._word is not None:
            word, changed = self._word(self._status(row))
            if changed:
                repaired[str(self.table.column("status"))] = self._status(row)
            if word is not None:
                yield "status", UNKNOWN if word == ARCHIVED else word
        elif (status := self._status(row)) is not None:
            yield "status", str(status)
        for column, name, value_of in self._members:
            value = value_of(row)
            if value is None:
                continue
            ours = _accepted(name, texts.get(column, value))
            if ours is None or (ours != value and not isinstance(ours, tuple)):
                repaired[column] = value
            if ours is not None:
                yield name, ours

    def _moment(
        self, row: Row, field: str, read: Callable[[Row], tuple[int | None, str]], repaired: dict[str, Any]
    ) -> int | None:
        at, doubt = read(row)
        if doubt and (column := self.table.column(field)) is not None:
            repaired[column] = row[self._reader.columns.index(column)]
        return at


def _accepted(name: str, value: Any) -> Value | None:
    """A value as metadata has it; None if metadata cannot have it."""
    ours = _value(value)
    try:
        check_metadata({name: ours})
    except Rejected:
        return None
    return ours


def _value(value: Any) -> Value | None:
    """A value of metadata: a text, a number, a flag, or a list of texts; None if it is none of these."""
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal | float):
        return str(value)
    if not isinstance(value, str):
        return None
    if value[:1] == "[":
        try:
            found, _ = parse(value.encode())
        except (Rejected, UnicodeEncodeError):
            found = None
        if isinstance(found, list) and all(isinstance(entry, str) for entry in found):
            return tuple(found)
    return repaired_text(value)
