"""The shape of a schema as plain values: what `legacy freeze` stores and `legacy drift` compares.

Spellings that mean the same on MariaDB and MySQL are stored the same: types without display widths, JSON for a LONGTEXT
that is checked to be JSON, `utf8mb3` for `utf8`, RESTRICT for NO ACTION. Expressions and bodies stay as the server
spells them; who compares them, parses them. Left out, because it says nothing about the schema: the next AUTO_INCREMENT
value, definers, comments, and the order of what is looked up by name.
"""

from __future__ import annotations

import msgspec

FORMAT = 1


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One part of a schema."""


class ColumnShape(_Shape, frozen=True):
    """A column. `default` is a literal, `default_expression` anything the server computes."""

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    default_expression: str | None = None
    on_update: str | None = None
    generated: str | None = None
    stored: bool = False
    auto_increment: bool = False
    charset: str | None = None
    collation: str | None = None
    options: tuple[str, ...] = ()


class IndexShape(_Shape, frozen=True):
    """An index; `kind` is `primary key`, `unique key`, `index`, `fulltext index` or `spatial index`.

    A part is a column, with `(10)` for a prefix and `desc` for its direction, or an expression in parentheses.
    """

    name: str
    kind: str
    parts: tuple[str, ...]
    ignored: bool = False


class ForeignKeyShape(_Shape, frozen=True):
    """A foreign key; without a name if the server gave it one."""

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]
    on_delete: str = "restrict"
    on_update: str = "restrict"
    name: str | None = None


class CheckShape(_Shape, frozen=True):
    """A check; without a name if the server gave it one."""

    expression: str
    name: str | None = None
    enforced: bool = True


class TableShape(_Shape, frozen=True):
    """A table. `definition` is its statement on SQLite, which has no catalog of checks."""

    name: str
    columns: tuple[ColumnShape, ...]
    indexes: tuple[IndexShape, ...] = ()
    foreign_keys: tuple[ForeignKeyShape, ...] = ()
    checks: tuple[CheckShape, ...] = ()
    kind: str = "table"
    engine: str | None = None
    charset: str | None = None
    collation: str | None = None
    options: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    definition: str | None = None


class ViewShape(_Shape, frozen=True):
    """A view; without its definition if the account may not see it."""

    name: str
    definition: str | None = None
    check_option: str = "none"
    security: str = "definer"


class TriggerShape(_Shape, frozen=True):
    """A trigger; `when` is its time, its event and its place among those of the same time and event."""

    name: str
    table: str
    when: str
    statement: str


class RoutineShape(_Shape, frozen=True):
    """A procedure or function; without its body if the account may not see it."""

    name: str
    kind: str
    parameters: tuple[str, ...] = ()
    returns: str | None = None
    body: str | None = None
    characteristics: tuple[str, ...] = ()


class SchemaShape(_Shape, frozen=True):
    """A schema. `unseen` names what the account may not see at all: `triggers`, `routines`, `checks`."""

    format: int
    product: str
    version: str
    database: str
    charset: str = ""
    collation: str = ""
    tables: tuple[TableShape, ...] = ()
    views: tuple[ViewShape, ...] = ()
    triggers: tuple[TriggerShape, ...] = ()
    routines: tuple[RoutineShape, ...] = ()
    unseen: tuple[str, ...] = ()
