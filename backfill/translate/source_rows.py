"""Rows of a mapped table as its fields: which columns are read, and how each field is taken from a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from backfill.checks.registry import CHECKS
from backfill.checks.text import double_encoded
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping, RowDecision
from backfill.mapping.targets import TARGETS, Field
from backfill.translate.moments import Doubt, moment_reader
from backfill.translate.row_keys import key_columns, row_hasher, row_key
from repos.legacy.connection import Row

KEY_REPEATED = (
    "Other rows of the table have the same key: name the columns that identify a row in `key` of the mapping."
)
ENCODED_TWICE = "The text was encoded twice."


class Problem(NamedTuple):
    """Why a row is set aside: a code, a sentence without values, and the column and value it is about."""

    code: str
    reason: str
    column: str | None = None
    value: Any = None


# Fields that tell a row to people who may see neither its key nor its texts.
_TELLING = ("id", "user_id", "script_id", "created_at", "expires_at")
_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
_TIME = re.compile(r"[0-9][0-9 T:.+Z-]{5,31}", re.ASCII)
MAX_LABEL = 256


def _may_be_shown(field: str, value: Any) -> bool:
    """Whether a value of a field is a number, the id of another row or a time, and not a text that may be anything."""
    if field == "id" or isinstance(value, int | Decimal):
        return isinstance(value, int | Decimal)
    return (_TIME if field.endswith("_at") else _ID).fullmatch(str(value)) is not None


class RowMoment(Protocol):
    """Takes a time from a row; `before` is that of the row that was written before it, where that is known."""

    def __call__(self, row: Row, before: int | None = None, /) -> tuple[int | None, Doubt]: ...


class FieldReader:
    """Takes fields from the rows of a table, which are read with `columns`."""

    def __init__(self, table: MappedTable, hash_key: bytes) -> None:
        self.table = table
        self._hashed = row_hasher(hash_key)
        mapped = [name for name in table.table.names if name in table.fields]
        writers = [writer.column for name in mapped for writer in table.rule_of(name).writers if writer.column]
        self.columns = tuple(dict.fromkeys([*mapped, *key_columns(table), *table.key_columns, *writers]))
        self._mapped = len(mapped)
        self._key_values = picked([self.columns.index(name) for name in key_columns(table)])
        self._finding_places = tuple(self.columns.index(name) for name in table.key_columns)

    def key(self, row: Row) -> str:
        """The key that a row is known by, as a JSON list."""
        return row_key(self._key_values(row))

    def finding_key(self, row: Row) -> Row:
        """The key that decisions of the mapping name."""
        return tuple(row[place] for place in self._finding_places)

    def label(self, row: Row) -> str | None:
        """What tells a row whose key may not be shown: the columns with its ids and its times; None if it may be."""
        if "#" not in self.table.shown_key(self.finding_key(row)):
            return None
        named = ((field, self.table.column(field)) for field in _TELLING)
        values = ((field, column, row[self.columns.index(column)]) for field, column in named if column is not None)
        shown = (f"{column} {value}" for field, column, value in values if _may_be_shown(field, value))
        return ", ".join(shown)[:MAX_LABEL]

    def hash(self, row: Row) -> bytes:
        """The keyed hash of the values of a row."""
        return self._hashed(row[: self._mapped])

    def known(self, field: str) -> Field:
        """The field as the target describes it."""
        found = TARGETS[self.table.target].field(field)
        assert found is not None, field  # noqa: S101 - a mapping that does not fit is refused before
        return found

    def is_given(self, field: str) -> bool:
        """Whether a column or the mapping gives the field a value."""
        return self.table.column(field) is not None or self.table.rule.set.get(field) is not None

    def value(self, field: str) -> Callable[[Row], Any]:
        """A function for the value of a field: of its column, or the one that the mapping sets, or None."""
        column = self.table.column(field)
        if column is None:
            constant = self.table.rule.set.get(field)
            return lambda _: constant
        place = self.columns.index(column)
        return lambda row: row[place]

    def moment(self, field: str) -> RowMoment:
        """A function for the time of a field; (None, "") if no column has it."""
        column = self.table.column(field)
        if column is None:
            return lambda _row, _before=None: (None, "")
        place = self.columns.index(column)
        read = moment_reader(self.table.rule_of(column), self.columns)
        return lambda row, before=None: read(row[place], row, before)

    def members(self, group: str) -> list[tuple[str, str, Callable[[Row], Any]]]:
        """The columns of an open group: column, member, and the function for its value."""
        start = f"{group}."
        return [
            (column, field.removeprefix(start), self.value(field))
            for column, field in self.table.fields.items()
            if field.startswith(start)
        ]


def picked(places: Sequence[int]) -> Callable[[Row], Row]:
    """A function for the values at these places of a row."""
    if places == [*range(places[0], places[-1] + 1)]:
        return itemgetter(slice(places[0], places[-1] + 1))
    return itemgetter(*places)


def decoded_once(mapping: Mapping, table: MappedTable, key: Row, column: str | None, text: str) -> str | Problem | None:
    """A text as it comes over: as it is, or decoded once more if it was encoded twice and the mapping repairs that.

    A problem if its row is set aside, None if the mapping skips it.
    """
    if text.isascii() or (once := double_encoded(text)) is None:
        return text
    do, _ = decision(mapping, table, "L12", key)
    if do == "skip":
        return None
    if do in ("quarantine", "block"):
        return Problem("L12", ENCODED_TWICE, column, text)
    return once if do == "repair" else text


def decision(mapping: Mapping, table: MappedTable, code: str, key: Row) -> tuple[str, RowDecision | None]:
    """What is done about a finding in a row: by the row's decision, the mapping's, or the default of the code."""
    row = table.rule.decision(code, key)
    if row is not None:
        return row.do, row
    return mapping.decision(code) or CHECKS[code].decision, None
