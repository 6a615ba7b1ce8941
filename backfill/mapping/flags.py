"""Flags of legacy columns: whether a value means yes, by the words of the mapping, and which rows are deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backfill.mapping.column_names import DELETED_WORDS, DELETION_TIMES, STATUS_NAMES
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import ColumnRule
from backfill.mapping.targets import ARCHIVED
from backfill.recognition.shape import snake
from repos.legacy.connection import Row

FALSE = frozenset({"", "0", "false"})
# Further words for no, in columns that the mapping says nothing of.
NO = FALSE | {"n", "no", "f", "off", "none", "null"}
# A BIT has at most 64 bits; more bytes are a text.
MAX_BIT_BYTES = 8
# Words of columns whose rows are there: `is_active`.
KEPT_WORDS = frozenset({"active", "alive", "enabled", "live", "valid", "visible"})
DELETION_FIELDS = ("deleted_at", "archived_at", "deleted", "archived")

Test = Callable[[Any], bool]


def flag_reader(rule: ColumnRule) -> Test:
    """Whether a value means yes: by the mapping's values, else whether it is neither NULL, 0, empty nor `false`."""
    values = {value: word == "true" for value, word in rule.values.items()}
    others = rule.others == "true"

    def read(value: Any) -> bool:
        if value is None:
            return False
        if not values:
            return any(value) if isinstance(value, bytes) else str(value).strip().lower() not in FALSE
        return next((values[text] for text in _spellings(value) if text in values), others)

    return read


def inverted_flag(rule: ColumnRule, name: str) -> str | None:
    """What is wrong with a column that says yes of rows which are not deleted, and has no values that turn it round."""
    if rule.to not in ("deleted", "archived") or rule.values or KEPT_WORDS.isdisjoint(snake(name).split("_")):
        return None
    values = 'values = { 0 = "true", 1 = "false" }'
    return f"{name} seems to say yes of rows that are not {rule.to}: say which values mean {rule.to}, as in `{values}`."


def deletion_tests(table: MappedTable) -> list[tuple[str, Test]]:
    """The columns that say of a row that it is deleted or archived, each with a test of its values."""
    named = ((field, table.column(field)) for field in DELETION_FIELDS)
    status = table.column("status")
    archived = [word for word, ours in table.rule_of(status or "").values.items() if ours == ARCHIVED]
    by_status = [(status, _word_test(archived))] if status is not None and archived else []
    return by_status + [
        (column, is_time_given if field.endswith("_at") else flag_reader(table.rule_of(column)))
        for field, column in named
        if column is not None
    ]


def has_deleted_lines(table: MappedTable) -> bool:
    """Whether a column says of the lines of a table that they are deleted."""
    return table.target == "lines" and bool(deletion_tests(table))


def unused_deletion_tests(table: MappedTable) -> list[tuple[str, Test]]:
    """The same for columns that seem to say so by their names, and that the mapping does not use."""
    return [(name, _usual_test(snake(name))) for name in table.unused_deletions]


def deletion_reader(table: MappedTable, columns: Sequence[str]) -> Callable[[Row], bool]:
    """Whether a row with these columns is deleted."""
    tests = [(columns.index(name), is_yes) for name, is_yes in deletion_tests(table)]
    return lambda row: any(is_yes(row[place]) for place, is_yes in tests)


def is_time_given(at: Any) -> bool:
    """Whether the time of a deletion is one: neither NULL, empty, 0 nor a zero date."""
    return at not in (None, 0, "", "0") and not str(at).startswith("0000")


def _word_test(words: Sequence[str]) -> Test:
    folded = {word.strip().casefold() for word in words}
    return lambda value: value is not None and any(text.strip().casefold() in folded for text in _spellings(value))


def _usual_test(name: str) -> Test:
    if name in DELETION_TIMES:
        return is_time_given
    if name in STATUS_NAMES:
        return lambda value: isinstance(value, str) and value.strip().lower() in DELETED_WORDS
    return _is_yes


def _is_yes(value: Any) -> bool:
    if isinstance(value, bytes):
        return any(value)
    return is_time_given(value) and str(value).strip().lower() not in NO


def _spellings(value: Any) -> tuple[str, ...]:
    """A value as a mapping may name it: a BIT is read as bytes, and named by its number."""
    if not isinstance(value, bytes):
        return (str(value),)
    text = value.decode(errors="surrogateescape")
    return (text, str(int.from_bytes(value))) if len(value) <= MAX_BIT_BYTES else (text,)
