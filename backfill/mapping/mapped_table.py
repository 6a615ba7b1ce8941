"""A legacy table together with what the mapping says of it."""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import blake2b
from typing import Any

from backfill.mapping.column_names import DELETION_FLAGS, DELETION_TIMES, STATUS_NAMES
from backfill.mapping.model import ColumnRule, RowDecision, TableRule
from backfill.mapping.row_names import bytes_named, key_name
from backfill.mapping.targets import KEY, MOMENT, TARGETS, WORD
from backfill.recognition.shape import snake
from repos.legacy.catalog import Column, Table

# Text keys that are ids: anything else, such as an address or a token, is shown as a hash.
_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
SECRET_NAMES = ("token", "session")
SECRET_FIELDS = ("token", "email", "password", "password_salt")


class MappedTable:
    """A table, its target, and the columns of the target's fields.

    The columns that identify its rows are those of its key, those that the mapping names, or else the first one, whose
    values are then shown as hashes.
    """

    def __init__(self, table: Table, rule: TableRule, hash_key: bytes) -> None:
        self.table = table
        self.rule = rule
        self.name = table.name
        self.target = rule.becomes or ""
        key = table.key or rule.key or table.primary_key
        self.key_columns = key or table.names[:1]
        self._has_key = bool(key)
        self._hash_key = hash_key
        self._columns = rule.field_columns()

    def column(self, field: str) -> str | None:
        """The column of a field."""
        return self._columns.get(field)

    def has(self, *fields: str) -> bool:
        """Whether each field has a column."""
        return all(field in self._columns for field in fields)

    @cached_property
    def fields(self) -> dict[str, str]:
        """Field by column."""
        return {column: field for field, column in self._columns.items()}

    def described(self, name: str) -> Column:
        """A column as the catalog describes it."""
        column = self._described.get(name) or self.table.column(name)
        assert column is not None  # noqa: S101 - a mapping that does not fit is refused before
        return column

    @cached_property
    def _described(self) -> dict[str, Column]:
        return {column.name: column for column in self.table.columns}

    def rule_of(self, name: str) -> ColumnRule:
        """The rule of a column."""
        return self.rule.columns.get(name, ColumnRule())

    def columns_that_hold(self, *holds: str) -> list[tuple[str, str]]:
        """Columns and fields that hold something: moments, words, keys, texts."""
        target = TARGETS.get(self.target)
        held = ((column, field, target.field(field) if target else None) for column, field in self.fields.items())
        return [(column, field) for column, field, known in held if known is not None and known.holds in holds]

    @cached_property
    def moments(self) -> list[tuple[str, str]]:
        """Columns with times, and their fields."""
        return [
            each
            for each in self.columns_that_hold(MOMENT)
            if self.described(each[0]).kind not in ("integer", "decimal")
        ]

    @cached_property
    def words(self) -> list[tuple[str, str]]:
        """Columns with one of a few accepted words, and their fields."""
        return self.columns_that_hold(WORD)

    @cached_property
    def keys(self) -> list[tuple[str, str]]:
        """Columns with keys, and their fields."""
        return self.columns_that_hold(KEY)

    @cached_property
    def content_column(self) -> str | None:
        """The column with whole scripts."""
        return self.column("content") if self.target in ("scripts", "versions", "contents") else None

    def content_shape(self, key: str) -> str | None:
        """The shape of the content of a row, where the mapping names one."""
        named = self._shapes.get(key) or (self.rule_of(self.content_column).shape if self.content_column else "auto")
        return None if named == "auto" else named

    def content_shape_of(self, key: tuple[Any, ...]) -> str | None:
        """The same of a row with a key."""
        return self.content_shape(self.shown_key(key)) if self._shapes else self._usual_shape

    @cached_property
    def _usual_shape(self) -> str | None:
        return self.content_shape("")

    @cached_property
    def _shapes(self) -> dict[str, str]:
        return {self._named(each.key): each.shape for each in reversed(self.rule.shapes)}

    @cached_property
    def _decisions(self) -> dict[tuple[str, str], RowDecision]:
        return {(each.code, self._named(each.key)): each for each in reversed(self.rule.decisions)}

    def decision(self, code: str, key: str) -> RowDecision | None:
        """The decision on a finding in the row with a key as reports show it."""
        return self._decisions.get((code, key))

    @cached_property
    def text_columns(self) -> list[str]:
        """Columns with text, except those with whole scripts, keys, words and times."""
        others = {self.content_column, *(name for name, _ in (*self.keys, *self.moments, *self.words))}
        return [
            column.name
            for column in self.table.columns
            if column.kind in ("text", "json", "any")
            and column.name not in others
            and column.name not in self.key_columns
            and self.rule_of(column.name).drop is None
        ]

    @cached_property
    def read_columns(self) -> list[str]:
        """The columns that a scan reads: the key, and what is mapped or kept; of bytes those with keys and flags."""
        flags = {self.column("deleted"), self.column("archived")}
        read = {self.content_column, *flags, *(name for name, _ in self.keys)}
        wanted = [
            column.name
            for column in self.table.columns
            if column.name in self.unused_deletions
            or (
                self.rule_of(column.name).drop is None
                and (column.kind not in ("bytes", "unknown") or column.name in read)
            )
        ]
        return [*self.key_columns, *(name for name in wanted if name not in self.key_columns)]

    @cached_property
    def unused_deletions(self) -> list[str]:
        """Columns of lines that say by their names whether one is deleted, and that the mapping drops or keeps."""
        if self.target != "lines":
            return []
        usual = DELETION_TIMES | DELETION_FLAGS | STATUS_NAMES
        return [
            column.name
            for column in self.table.columns
            if snake(column.name) in usual and not column.generated and self.rule_of(column.name).to is None
        ]

    @cached_property
    def has_secret_key(self) -> bool:
        """Whether its key has a token, an address or a password."""
        return any(map(self._is_secret, self.key_columns))

    def _is_secret(self, name: str) -> bool:
        if self.fields.get(name) in SECRET_FIELDS or any(word in name.lower() for word in SECRET_NAMES):
            return True
        # Where no column has the token of a sign-in, its key is what the browser sends.
        return name in self.key_columns and "session" in self.name.lower() and not self._has_token

    @cached_property
    def _has_token(self) -> bool:
        """Whether a column is named after a token, or becomes one."""
        return self.has("token") or any("token" in name.lower() for name in self.table.names)

    def shown_key_of(self, field: str, value: Any) -> str:
        """A key of another table as reports show it."""
        return self._shown(self.column(field) or "", value)

    def shown_key(self, key: tuple[Any, ...]) -> str:
        """A key as reports show it: a number or an id as it is, anything else as a hash."""
        return "/".join(self._shown(name, value) for name, value in zip(self.key_columns, key, strict=True))

    def _named(self, key: tuple[str | int, ...]) -> str:
        """The key that the mapping names a row by, as reports show it."""
        if len(key) != len(self.key_columns):
            return "/".join(map(str, key))
        return self.shown_key(tuple(map(self.stored, self.key_columns, key)))

    def stored(self, name: str, part: str | int) -> str | int | bytes:
        """A value of a key that the mapping names, as its column holds it."""
        kind = self.described(name).kind
        if kind == "bytes" and (found := bytes_named(part)) is not None:
            return found
        if kind == "integer":
            return int(part) if _INTEGER.fullmatch(str(part)) else part
        return str(part) if kind == "text" else part

    def _shown(self, name: str, value: Any) -> str:
        text = key_name(value)
        if self._has_key:
            if isinstance(value, int) or value is None:
                return text
            if not self._is_secret(name) and _ID.fullmatch(text):
                return text
        data = text.encode(errors="surrogateescape")
        return f"#{blake2b(data, digest_size=8, key=self._hash_key).hexdigest()}"
