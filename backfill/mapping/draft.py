"""Drafts a mapping for a source: a proposal that is total and loses nothing, made to be reviewed and edited.

A table that is recognised becomes its target; any other is kept as legacy_rows. A column without a field of ours goes
to the metadata or payload of its target where it fits, and is kept as JSON otherwise. Only what holds no data of its
own is dropped: views, computed columns, the lists of migrations of the legacy application's tools.
"""

from __future__ import annotations

from typing import NamedTuple

from backfill.mapping.column_names import DELETED_WORDS, STATUS_NAMES, usual_fields
from backfill.mapping.fit import problems
from backfill.mapping.model import FORMAT, ColumnRule, History, Mapping, SourceRule, TableRule
from backfill.mapping.table_schema import schema_of
from backfill.mapping.targets import FITTING_KINDS, FLAG, MOMENT, TARGETS, Target
from backfill.mapping.time_zones import offset_name, time_zone
from backfill.recognition.chosen import chosen_shape, referring_columns
from backfill.recognition.key_kinds import kind_column
from backfill.recognition.recognise import recognise
from backfill.recognition.shape import (
    BRANCHES,
    FULL_SAVES,
    HASHES,
    HEAD_ONLY,
    LINKED_LINES,
    NO_HISTORY,
    PATCHES,
    Shape,
    is_camel,
    snake,
)
from repos.legacy.catalog import Catalog, Column, Table

_HISTORIES: dict[str, History] = {
    NO_HISTORY: "none",
    HEAD_ONLY: "head",
    FULL_SAVES: "full_saves",
    PATCHES: "patches",
    LINKED_LINES: "linked_lines",
    BRANCHES: "branches",
    HASHES: "hashes",
}
# Other names of accepted words, in snake case.
_SPELLINGS = {
    "status": {"inprogress": "in_progress", "in_review": "in_progress", "review": "in_progress", "wip": "in_progress",
               "completed": "complete", "done": "complete", "final": "complete", "finished": "complete",
               "new": "draft"},
    "role": {"ai": "assistant", "bot": "assistant", "model": "assistant", "human": "user"},
    "author": {"assistant": "ai", "model": "ai", "bot": "ai", "human": "user"},
    "source": {"assistant": "ai", "model": "ai", "bot": "ai", "human": "user"},
}  # fmt: skip
# Currencies that names of columns end with, as in `costUsd`.
_CURRENCIES = ("USD", "EUR", "GBP")
# Fields that a table can lack, although its rows are found by them.
_REFERRING = {
    "scripts": frozenset({"user_id"}),
    "chat_messages": frozenset({"script_id", "user_id"}),
    "personas": frozenset({"script_id"}),
}
COMPUTED = "computed by the database from other columns"


class Draft(NamedTuple):
    """A drafted mapping, and the comment on each table and on each column (`table`, `column`)."""

    mapping: Mapping
    tables: dict[str, str]
    columns: dict[tuple[str, str], str]


def draft(catalog: Catalog, chosen: dict[str, str] | None = None) -> Draft:
    """A mapping for a source; `chosen` are the targets of tables whose shape says nothing, or another one.

    A chosen table keeps its target, also where a column is missing that a person has to name.
    """
    chosen = chosen or {}
    comments: dict[tuple[str, str], str] = {}
    shapes = {
        table.name: chosen_shape(table, chosen[table.name]) if table.name in chosen else recognise(table)
        for table in catalog
    }
    targets = {name: shape.becomes for name, shape in shapes.items()}
    rules = {
        table.name: _table(
            catalog,
            table,
            shapes[table.name],
            comments,
            also=referring_columns(table, targets),
        )
        for table in catalog
    }
    # A shape may be right and the table still not usable: sessions without any users, a key that is missing.
    source = SourceRule(name=catalog.source, product=f"{catalog.server.product} {catalog.server.version}")
    reasons: dict[str, str] = {}
    while True:
        mapping = Mapping(format=FORMAT, source=source, tables=rules)
        unfit = {
            name: problem.sentence
            for problem in reversed(problems(mapping, catalog))
            if (name := problem.where) in rules or (name := problem.where.rpartition(".")[0]) in rules
            if rules[name].becomes not in (None, "legacy_rows") and name not in chosen
        }
        if not unfit:
            break
        reasons |= unfit
        rules = {name: _kept(catalog.tables[name]) if name in unfit else rule for name, rule in rules.items()}
    tables = {
        table.name: _about(shapes[table.name], mapping.tables[table.name], reasons.get(table.name)) for table in catalog
    }
    return Draft(mapping, tables, comments)


def _table(
    catalog: Catalog, table: Table, shape: Shape, comments: dict[tuple[str, str], str], *, also: dict[str, str]
) -> TableRule:
    """The rule of a table; `also` are columns by the usual names that they do not have."""
    for column in table.columns:
        comments[table.name, column.name] = column.type or "no type"
    if table.problem is not None:
        return TableRule(drop=table.problem, schema=schema_of(table))
    if shape.becomes == "drop":
        return TableRule(drop=shape.note, schema=schema_of(table))
    target = TARGETS[shape.becomes]
    if not target.fields:
        return _kept(table)
    set_fields = {"type": shape.element_type} if shape.element_type else {}
    usual = usual_fields(
        target.name,
        also | {snake(column.name): column.name for column in table.columns if not column.generated},
        frozenset(target.fields) - set_fields.keys(),
    )
    for name in (column for column, field in usual.items() if field == "cost" and "currency" not in usual.values()):
        if (currency := snake(name).rpartition("_")[2].upper()) in _CURRENCIES:
            set_fields["currency"] = currency
    # The id of a row of one of several tables is no key of ours.
    usual = {name: field for name, field in usual.items() if field == "id" or kind_column(table, name) is None}
    # The usual name of a key need not be known: `DokumentNr` is the id of its table.
    # Where no id is needed, a key in text may be something else, such as the token of a session.
    if "id" in target.fields.keys() - usual.values() and len(table.primary_key) == 1:
        key = table.primary_key[0]
        if target.fields["id"].required or _is_number(table, key):
            usual.setdefault(key, "id")
    if target.name == "lines" and "deleted" not in usual.values():
        status = (
            column.name for column in table.columns if snake(column.name) in STATUS_NAMES and _flag_values(column)
        )
        usual |= {name: "deleted" for name in [*status][:1] if name not in usual}
    rules = {}
    for column in table.columns:
        field = usual.get(column.name) or _member(target, column)
        rules[column.name], comment = _column(catalog, table, column, target, field)
        if comment:
            comments[table.name, column.name] += f"; {comment}"
    return TableRule(
        becomes=target.name,
        schema=schema_of(table),
        history=_HISTORIES[shape.history],
        keys="assigned"
        if any(rule.to == "id" and not _is_number(table, name) for name, rule in rules.items())
        else "kept",
        set=set_fields,
        columns=rules,
    )


def _kept(table: Table) -> TableRule:
    """A table whose rows are kept whole."""
    columns = {
        column.name: ColumnRule(drop=COMPUTED) if column.generated else ColumnRule(keep=True)
        for column in table.columns
    }
    return TableRule(becomes="legacy_rows", schema=schema_of(table), columns=columns)


def _column(
    catalog: Catalog, table: Table, column: Column, target: Target, field: str | None
) -> tuple[ColumnRule, str | None]:
    """The rule of a column, and a comment that says what to review."""
    if column.generated:
        return ColumnRule(drop=COMPUTED), None
    known = target.field(field) if field is not None else None
    if field is None or known is None or column.kind not in FITTING_KINDS[known.holds]:
        return ColumnRule(keep=True), "no field of ours"
    if known.holds == FLAG and column.kind != "integer":
        values = _flag_values(column)
        rule = ColumnRule(to=field, values=values) if values else ColumnRule(keep=True)
        return rule, None if values else f"could become {field}, with `values`"
    if known.holds == MOMENT:
        return _moment(catalog, table, column, field)
    if not known.words:
        return ColumnRule(to=field), None
    spellings = {word: word for word in known.words} | _SPELLINGS.get(field, {})
    words = {value: spellings.get(snake(value)) for value in column.values if value not in known.words}
    values = {value: word for value, word in words.items() if word is not None}
    others = ", ".join(repr(value) for value in words if value not in values)
    if not column.values:
        others = f"words other than {', '.join(known.words)}"
    comment = f"{others}: {known.others}, unless `values` or `others` say more" if others and known.others else None
    return ColumnRule(to=field, values=values), comment


def _flag_values(column: Column) -> dict[str, str]:
    """The values of a flag that is no number, where they are known: of a bit, and of the status of a line."""
    if column.type.startswith("bit"):
        return {"1": "true", "0": "false"}
    if snake(column.name) not in STATUS_NAMES:
        return {}
    known = column.values or [spelled for word in DELETED_WORDS for spelled in (word, word.title(), word.upper())]
    return {value: "true" for value in sorted(known) if snake(value) in DELETED_WORDS or value.lower() in DELETED_WORDS}


def _moment(catalog: Catalog, table: Table, column: Column, field: str) -> tuple[ColumnRule, str | None]:
    if column.kind in ("integer", "decimal"):
        # Milliseconds since 1970 do not fit a column of 32 bits.
        if column.type.startswith(("int(", "int ", "mediumint")) or column.type == "int":
            return ColumnRule(to=field, unit="s"), "seconds? check the unit"
        return ColumnRule(to=field, unit="ms"), "milliseconds? check the unit"
    if column.type.startswith("timestamp"):
        return ColumnRule(to=field, time_zone="UTC"), "UTC, if the program and its connection have one zone: check it"
    server = _server_zone(catalog)
    by_server = "current_timestamp" in str(column.default).lower() or "now()" in str(column.default).lower()
    if is_camel(table):
        comment = f"an ORM writes UTC; rows of a raw INSERT may be in {server}: see `writers`"
        return ColumnRule(to=field, time_zone="UTC"), comment if by_server and server != "UTC" else "an ORM writes UTC"
    return ColumnRule(to=field, time_zone=server), f"the server's zone{' by default' if by_server else ''}: check it"


def _server_zone(catalog: Catalog) -> str:
    name = catalog.server.time_zone
    return name if "/" in name and time_zone(name) else offset_name(catalog.server.utc_offset_minutes)


def _member(target: Target, column: Column) -> str | None:
    """The name under the open group of a target; None if there is none that fits."""
    name = f"{target.open_group}.{snake(column.name)}"
    return name if target.field(name) is not None else None


def _is_number(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.kind in ("integer", "any")


def _about(shape: Shape, rule: TableRule, kept_because: str | None) -> str:
    generation = f", generation {shape.generation}" if shape.generation else ""
    note = f"; {shape.note}" if shape.note and shape.becomes != "drop" else ""
    missing = _REFERRING.get(str(rule.becomes), frozenset()) - rule.field_columns().keys()
    note += f"; no column is known for its {' and '.join(sorted(missing))}" if missing else ""
    kept = f"; kept whole, because: {kept_because}" if kept_because else ""
    return f"{shape.title}{generation}{note}{kept}"
