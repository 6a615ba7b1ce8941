"""The shape of a schema on MariaDB or MySQL, read from its catalog with SELECT on its tables alone.

Foreign keys come from SHOW CREATE TABLE: MariaDB's catalog shows their rules to accounts that may write only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from repos.legacy.grants import unseen_by_account
from repos.legacy.schema_shape import (
    FORMAT,
    CheckShape,
    ColumnShape,
    ForeignKeyShape,
    IndexShape,
    RoutineShape,
    SchemaShape,
    TableShape,
    TriggerShape,
    ViewShape,
)
from repos.legacy.spellings import (
    default_of,
    json_columns,
    on_update_of,
    options_of,
    plain_charset,
    plain_rule,
    plain_type,
    unescaped,
)

_NAME = r"`((?:[^`]|``)+)`"
_FOREIGN_KEY = re.compile(
    rf"^[ \t]*+CONSTRAINT {_NAME} FOREIGN KEY (?:`[^`\n]+` )?\(([^)\n]*)\) "
    rf"REFERENCES (?:{_NAME}\.)?{_NAME} \(([^)\n]*)\)(.*)$",
    re.MULTILINE,
)
_RULE = re.compile(r"ON (DELETE|UPDATE) (RESTRICT|CASCADE|SET NULL|SET DEFAULT|NO ACTION)")
_IN_BACKTICKS = re.compile(_NAME)
# Names that the servers give to foreign keys and checks without one.
_GIVEN_NAME = re.compile(r"(.+_(ibfk|chk)_\d+|CONSTRAINT_\d+|\d+)")
_KINDS = {"FULLTEXT": "fulltext index", "SPATIAL": "spatial index", "RTREE": "spatial index"}
_TABLE_KINDS = {"BASE TABLE": "table", "SYSTEM VERSIONED": "system-versioned table", "SEQUENCE": "sequence"}


class Catalog(Protocol):
    """What sends a statement that reads, and names the table in an error."""

    def fetch(self, sql: str, *, table: str | None = None) -> list[Any]:
        """All rows."""


def shape_of_server(source: Catalog) -> SchemaShape:
    """The shape of the schema that a connection uses."""
    version, database, charset, collation = source.fetch(
        "SELECT VERSION(), DATABASE(), @@character_set_database, @@collation_database"
    )[0]
    return _Reader(source, str(version)).schema(str(database), str(charset), str(collation))


class _Reader:
    def __init__(self, source: Catalog, version: str) -> None:
        self._source = source
        self._version = version
        self._is_mariadb = "mariadb" in version.lower()
        numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
        self._quotes_defaults = self._is_mariadb and numbers >= (10, 2, 7)
        self._has_roles = not self._is_mariadb and numbers >= (8,)
        rows = source.fetch(
            "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema' "
            "AND TABLE_NAME IN ('COLUMNS', 'STATISTICS', 'CHECK_CONSTRAINTS', 'TABLE_CONSTRAINTS')"
        )
        self._known = {(str(table).upper(), str(column).upper()) for table, column in rows}

    def schema(self, database: str, charset: str, collation: str) -> SchemaShape:
        columns, indexes, checks, partitions = self._columns(), self._indexes(), self._checks(), self._partitions()
        tables = []
        for name, kind, engine, table_collation, options in self._source.fetch(
            "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, CREATE_OPTIONS FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE NOT LIKE '%%VIEW' ORDER BY TABLE_NAME"
        ):
            plain, left = json_columns(columns[name], checks[name])
            default_collation = plain_charset(table_collation)
            tables.append(
                TableShape(
                    name,
                    plain,
                    indexes=tuple(indexes[name]),
                    foreign_keys=self._foreign_keys(name) if kind != "SEQUENCE" else (),
                    checks=left,
                    kind=_TABLE_KINDS.get(kind, kind.lower()),
                    engine=engine,
                    charset=default_collation.partition("_")[0] if default_collation else None,
                    collation=default_collation,
                    options=tuple(sorted(word for word in (options or "").lower().split() if word != "partitioned")),
                    partitions=tuple(partitions[name]),
                )
            )
        return SchemaShape(
            FORMAT,
            "MariaDB" if self._is_mariadb else "MySQL",
            self._version,
            database,
            charset=plain_charset(charset) or "",
            collation=plain_charset(collation) or "",
            tables=tuple(tables),
            views=tuple(self._views()),
            triggers=tuple(self._triggers()),
            routines=tuple(self._routines()),
            unseen=unseen_by_account(
                self._source.fetch, database, has_roles=self._has_roles, is_mariadb=self._is_mariadb
            ),
        )

    def _columns(self) -> Mapping[str, list[ColumnShape]]:
        columns: dict[str, list[ColumnShape]] = defaultdict(list)
        wanted = "TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, CHARACTER_SET_NAME, COLLATION_NAME"
        wanted += ", EXTRA, " + ("GENERATION_EXPRESSION" if self._has("COLUMNS", "GENERATION_EXPRESSION") else "NULL")
        query = (
            f"SELECT {wanted} FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "  # noqa: S608 - constants
            "ORDER BY TABLE_NAME, ORDINAL_POSITION"
        )
        for table, name, full, nullable, default, charset, collation, extra, generated in self._source.fetch(query):
            literal, expression = (
                (None, None) if generated else default_of(default, extra, quoted=self._quotes_defaults)
            )
            columns[table].append(
                ColumnShape(
                    name,
                    plain_type(full),
                    nullable=nullable == "YES",
                    default=literal,
                    default_expression=expression,
                    on_update=on_update_of(extra),
                    generated=self._expression(generated) if generated else None,
                    stored=bool(generated) and "virtual" not in extra.lower(),
                    auto_increment="auto_increment" in extra.lower(),
                    charset=plain_charset(charset),
                    collation=plain_charset(collation),
                    options=options_of(extra),
                )
            )
        return columns

    def _indexes(self) -> Mapping[str, list[IndexShape]]:
        columns = "TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION, INDEX_TYPE"
        if self._has("STATISTICS", "IS_VISIBLE"):
            columns += ", IS_VISIBLE = 'NO', EXPRESSION"
        else:
            columns += ", IGNORED = 'YES', NULL" if self._has("STATISTICS", "IGNORED") else ", 0, NULL"
        parts: dict[tuple[str, str], list[str]] = defaultdict(list)
        kinds: dict[tuple[str, str], tuple[str, bool]] = {}
        query = (
            f"SELECT {columns} FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() "  # noqa: S608 - constants
            "ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"
        )
        for table, name, repeats, column, length, direction, kind, is_ignored, computed in self._source.fetch(query):
            plain = "primary key" if name == "PRIMARY" else "index" if int(repeats) else "unique key"
            kinds[table, name] = (_KINDS.get(kind, plain), bool(is_ignored))
            part = column if computed is None else f"({unescaped(computed)})"
            prefix = f"({length})" if length and kind not in _KINDS else ""
            parts[table, name].append(f"{part}{prefix}{' desc' if direction == 'D' else ''}")
        indexes: dict[str, list[IndexShape]] = defaultdict(list)
        for (table, name), (kind, is_ignored) in kinds.items():
            indexes[table].append(IndexShape(name, kind, tuple(parts[table, name]), is_ignored))
        return indexes

    def _checks(self) -> Mapping[str, list[CheckShape]]:
        checks: dict[str, list[CheckShape]] = defaultdict(list)
        if not self._has("CHECK_CONSTRAINTS", "CHECK_CLAUSE"):
            return checks  # before MySQL 8.0.16, checks were ignored
        if self._has("CHECK_CONSTRAINTS", "TABLE_NAME"):
            query = (
                "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, 'YES' FROM information_schema.CHECK_CONSTRAINTS "
                "WHERE CONSTRAINT_SCHEMA = DATABASE() ORDER BY TABLE_NAME, CONSTRAINT_NAME"
            )
        else:
            query = (
                "SELECT t.TABLE_NAME, t.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED "
                "FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c "
                "ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME "
                "WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA = DATABASE() ORDER BY 1, 2"
            )
        columns = {(table, name) for table, name in self._names_of_columns()} if self._is_mariadb else set()
        for table, name, clause, enforced in self._source.fetch(query):
            # MariaDB names the check of a column after the column.
            given = _GIVEN_NAME.fullmatch(name) or (table, name) in columns
            checks[table].append(
                CheckShape(self._expression(clause), name=None if given else name, enforced=enforced == "YES")
            )
        return checks

    def _names_of_columns(self) -> list[Any]:
        return self._source.fetch(
            "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
        )

    def _foreign_keys(self, table: str) -> tuple[ForeignKeyShape, ...]:
        quoted = table.replace("`", "``")
        statement = str(self._source.fetch(f"SHOW CREATE TABLE `{quoted}`".replace("%", "%%"), table=table)[0][1])
        return tuple(sorted(_foreign_keys_in(statement), key=lambda key: (key.name or "", key.columns)))

    def _partitions(self) -> Mapping[str, list[str]]:
        partitions: dict[str, list[str]] = defaultdict(list)
        for table, name, method, expression, description, sub_name, sub_method, sub_expression in self._source.fetch(
            "SELECT TABLE_NAME, PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, PARTITION_DESCRIPTION, "
            "SUBPARTITION_NAME, SUBPARTITION_METHOD, SUBPARTITION_EXPRESSION FROM information_schema.PARTITIONS "
            "WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL "
            "ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION"
        ):
            part = f"{name} of {str(method).lower()} ({str(expression or '').replace('`', '')})"
            part += f" with {description}" if description else ""
            if sub_name:
                part += f", {sub_name} of {str(sub_method).lower()} ({str(sub_expression or '').replace('`', '')})"
            partitions[table].append(part)
        return partitions

    def _views(self) -> Iterator[ViewShape]:
        for name, definition, check, security in self._source.fetch(
            "SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, SECURITY_TYPE FROM information_schema.VIEWS "
            "WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME"
        ):
            yield ViewShape(name, definition or None, str(check).lower(), str(security).lower())

    def _triggers(self) -> Iterator[TriggerShape]:
        for name, event, table, order, timing, statement in self._source.fetch(
            "SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER, ACTION_TIMING, "
            "ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME"
        ):
            when = f"{timing} {event}".lower() + (f", number {order}" if int(order or 0) > 1 else "")
            yield TriggerShape(name, table, when, statement)

    def _routines(self) -> Iterator[RoutineShape]:
        parameters: dict[tuple[str, str], list[str]] = defaultdict(list)
        for kind, routine, mode, name, full in self._source.fetch(
            "SELECT ROUTINE_TYPE, SPECIFIC_NAME, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER "
            "FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = DATABASE() AND ORDINAL_POSITION > 0 "
            "ORDER BY ROUTINE_TYPE, SPECIFIC_NAME, ORDINAL_POSITION"
        ):
            parameters[kind, routine].append(f"{str(mode).lower()} {name} {plain_type(full)}")
        for name, kind, returns, body, deterministic, access, security in self._source.fetch(
            "SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC, "
            "SQL_DATA_ACCESS, SECURITY_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() "
            "ORDER BY ROUTINE_TYPE, ROUTINE_NAME"
        ):
            yield RoutineShape(
                name,
                str(kind).lower(),
                tuple(parameters[kind, name]),
                returns=plain_type(returns) if returns else None,
                body=body,
                characteristics=(
                    "deterministic" if deterministic == "YES" else "not deterministic",
                    str(access).lower(),
                    f"security {str(security).lower()}",
                ),
            )

    def _expression(self, text: str) -> str:
        return text if self._is_mariadb else unescaped(text)

    def _has(self, table: str, column: str) -> bool:
        return (table, column) in self._known


def _foreign_keys_in(statement: str) -> Iterator[ForeignKeyShape]:
    for name, columns, schema, table, to, rest in _FOREIGN_KEY.findall(statement):
        rules = {event.lower(): plain_rule(rule) for event, rule in _RULE.findall(rest)}
        yield ForeignKeyShape(
            tuple(_IN_BACKTICKS.findall(columns)),
            f"{schema}.{table}" if schema else table,
            tuple(_IN_BACKTICKS.findall(to)),
            on_delete=rules.get("delete", "restrict"),
            on_update=rules.get("update", "restrict"),
            name=None if _GIVEN_NAME.fullmatch(name) else name,
        )
