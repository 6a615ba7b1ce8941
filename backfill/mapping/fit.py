"""Compares a mapping with the catalog of a source: every table and column must be mapped, and every rule must fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from backfill.content.recognise import shape_names
from backfill.mapping.decisions.allowed_decisions import may_be_set_aside
from backfill.mapping.decisions.row_decisions import ROW_BY_ROW, decision_problems, merge_problems
from backfill.mapping.flags import inverted_flag
from backfill.mapping.model import AUTO, ColumnRule, Mapping, TableRule
from backfill.mapping.problem import Problem
from backfill.mapping.table_schema import schema_of
from backfill.mapping.targets import CONTENT, FITTING_KINDS, FLAG, KEY, MOMENT, TARGETS, WORD, Field, Target
from backfill.mapping.time_zones import time_zone
from backfill.recognition.key_kinds import kind_column
from domain.script.validation import EXACT
from repos.legacy.catalog import Catalog, Column, Table

# The histories of a table of lines.
OF_LINES = ("none", "head", "linked_lines")
# Epoch times need no zone; a TIMESTAMP without one is in UTC, in which it is read.
_EPOCH_KINDS = ("integer", "decimal")
# SQLite: a column without a type may hold numbers.
_NUMBERS = ("integer", "any")


def problems(mapping: Mapping, catalog: Catalog) -> list[Problem]:
    """Everything in which a mapping does not fit a source; empty if it fits."""
    if not mapping.tables.keys() & catalog.tables.keys():
        count, made_for = len(mapping.tables), mapping.source.name
        sentence = f"None of its tables ({count}) is in {catalog.source}: the mapping was made for {made_for}."
        return [Problem("another_source", "", sentence)]
    return [*_decisions(mapping), *_tables(mapping, catalog), *_references(mapping)]


def _decisions(mapping: Mapping) -> Iterator[Problem]:
    for code in ROW_BY_ROW:
        if (action := mapping.decision(code)) in ("repair", "report"):
            sentence = (
                f"{code} cannot be {action!r} for all rows: write quarantine, and decide about others by their key."
            )
            yield Problem("wrong_decision", "decisions", sentence)
    for code, decided in mapping.decisions.items():
        if decided == "quarantine" and not may_be_set_aside(code):
            sentence = (
                f"{code} cannot be 'quarantine': its rows come over. Write block, to look at them before the move."
            )
            yield Problem("wrong_decision", "decisions", sentence)


def _tables(mapping: Mapping, catalog: Catalog) -> Iterator[Problem]:
    for table in catalog:
        if table.name not in mapping.tables:
            yield Problem("unmapped_table", table.name, "The table is not mapped: map it, or drop it with a reason.")
    for name, rule in mapping.tables.items():
        found = catalog.tables.get(name)
        if found is None:
            what = "The source has no such table: remove its rule."
            unseen = "The account sees no such table: grant it SELECT on the whole database."
            yield Problem("no_such_table", name, what if catalog.sees_all else unseen)
        elif rule.drop is None:
            yield from _table(rule, found)


def _table(rule: TableRule, table: Table) -> Iterator[Problem]:
    if table.problem is not None:
        yield Problem("unreadable_table", table.name, table.problem)
        return
    if rule.schema != (actual := schema_of(table)):
        sentence = (
            f'The columns or the key changed since this rule was written: review it, and write schema = "{actual}".'
        )
        yield Problem("schema_changed", table.name, sentence)
    target = TARGETS.get(str(rule.becomes))
    if target is None:
        sentence = f"There is no target {str(rule.becomes)!r}; targets are {', '.join(TARGETS)}."
        yield Problem("unknown_target", table.name, sentence)
        return
    yield from _key(rule, table)
    yield from _key_map(rule, table)
    yield from _column_names(rule, table)
    for name, column_rule in rule.columns.items():
        if (column := _exact(table, name)) is not None:
            found = _column(column_rule, column, target, table, rule.columns)
            yield from (Problem(code, f"{table.name}.{name}", sentence) for code, sentence in found)
    for shape in rule.shapes:
        if shape.shape not in shape_names():
            yield Problem(
                "unknown_shape", table.name, f"The row {list(shape.key)} has no known shape: {shape.shape!r}."
            )
    yield from (Problem(code, table.name, text) for code, text in _history(rule, target))
    yield from (Problem(code, table.name, text) for code, text in _fields(rule, target))
    yield from (Problem("wrong_decision", table.name, text) for text in decision_problems(rule))
    yield from (
        Problem("wrong_decision", table.name, text) for text in merge_problems(rule, table.key or table.primary_key)
    )


def _key(rule: TableRule, table: Table) -> Iterator[Problem]:
    for name in rule.key:
        if _exact(table, name) is None:
            yield Problem(
                "no_such_column", f"{table.name}.{name}", "The key names a column that the table does not have."
            )
    if not rule.key and not table.key and not table.has_rowid and rule.becomes != "legacy_rows":
        sentence = "The table has no key: name the columns that identify a row in `key`, or keep it as legacy_rows."
        yield Problem("no_key", table.name, sentence)


def _key_map(rule: TableRule, table: Table) -> Iterator[Problem]:
    """The ids that rows get: numbers, each once."""
    id_column = next((_exact(table, name) for name, each in rule.columns.items() if each.to == "id"), None)
    if id_column is not None and id_column.kind not in _NUMBERS and rule.keys == "kept":
        sentence = f'The ids in {id_column.name} are {id_column.type}, and ours are numbers: write keys = "assigned".'
        yield Problem("text_keys", table.name, sentence)
    if rule.keys == "kept" and rule.key_map:
        yield Problem("wrong_rule", table.name, '`key_map` is of ids that are not kept: write keys = "assigned".')
    for number, count in Counter(rule.key_map.values()).items():
        if count > 1 or not 0 < number < EXACT:
            problem = f"is given to {count} rows" if count > 1 else "is not a number from 1 to 2^53"
            yield Problem("key_map", table.name, f"The id {number} in `key_map` {problem}.")


def _column_names(rule: TableRule, table: Table) -> Iterator[Problem]:
    for name in table.names:
        if name not in rule.columns:
            sentence = "The column is not mapped: give it a field, `keep = true`, or `drop` with a reason."
            yield Problem("unmapped_column", f"{table.name}.{name}", sentence)
    for name in rule.columns:
        if _exact(table, name) is None:
            yield Problem("no_such_column", f"{table.name}.{name}", "The table has no such column: remove its rule.")


def _column(
    rule: ColumnRule, column: Column, target: Target, table: Table, rules: dict[str, ColumnRule]
) -> Iterator[tuple[str, str]]:
    if rule.to is None:
        return
    field = target.field(rule.to)
    if field is None:
        names = [*target.fields, *([f"{target.open_group}.<name>"] if target.open_group else [])]
        fields = f"its fields are {', '.join(names)}" if names else "it keeps whole rows: write `keep = true`"
        yield "unknown_field", f"{target.name} has no field {rule.to!r}; {fields}."
        return
    if column.kind == "unknown":
        yield "unknown_type", f"The type {column.type} cannot be read: `keep = true`, or `drop` with a reason."
    elif column.kind not in FITTING_KINDS[field.holds] and not (column.kind == "json" and rule.member):
        yield "wrong_type", f"A column of type {column.type} cannot become {rule.to}, which is {field.about}."
    if field.holds != WORD and rule.member is not None:
        yield "wrong_rule", f"`member` is of fields with accepted words; {rule.to} takes any value."
    kind = kind_column(table, column.name) if field.holds == KEY else None
    # Where the mapping gives each kind a word, such as an author, the types were looked at.
    if kind is not None and not ((of_kind := rules.get(kind, ColumnRule())).drop or of_kind.values):
        sentence = f"{kind} says of which table {column.name} is the id: move from a copy with the rows of one, or drop"
        yield "several_tables", f"{sentence} {kind} with the reason that all rows have the same."
    if field.holds == MOMENT:
        yield from _moment(rule, column)
        yield from _writers(rule, table)
    elif rule.time_zone is not None or rule.writers or rule.unit is not None:
        yield "wrong_rule", f"`time_zone`, `writers` and `unit` are of moments; {rule.to} is none."
    if field.holds != CONTENT and rule.shape != AUTO:
        yield "wrong_rule", f"`shape` is of contents; {rule.to} is none."
    elif rule.shape != AUTO and rule.shape not in shape_names():
        yield (
            "unknown_shape",
            f"There is no content shape {rule.shape!r}; shapes are {', '.join((AUTO, *shape_names()))}.",
        )
    yield from _words(rule, column, field)
    if (inverted := inverted_flag(rule, column.name)) is not None:
        yield "inverted_flag", inverted


def _moment(rule: ColumnRule, column: Column) -> Iterator[tuple[str, str]]:
    for name in (rule.time_zone, *(writer.time_zone for writer in rule.writers)):
        if name is not None and time_zone(name) is None:
            yield (
                "unknown_time_zone",
                f"There is no time zone {name!r}: write UTC, a name like America/Chicago, or -06:00.",
            )
    if column.kind in _EPOCH_KINDS:
        if rule.unit is None:
            yield "no_unit", 'A number becomes a moment with `unit = "s"`, "ms" or "us".'
    elif rule.time_zone is None and not column.type.startswith("timestamp"):
        yield "no_time_zone", "The column does not say in which time zone it is: write `time_zone`."


def _writers(rule: ColumnRule, table: Table) -> Iterator[tuple[str, str]]:
    for writer in rule.writers:
        if writer.column is not None and _exact(table, writer.column) is None:
            yield "no_such_column", f"A writer names the column {writer.column!r}, which the table does not have."
        if writer.before is not None and not _is_moment(writer.before):
            yield "wrong_rule", f"A writer's `before` is a date or a time like 2021-05-01, not {writer.before!r}."


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _words(rule: ColumnRule, column: Column, field: Field) -> Iterator[tuple[str, str]]:
    if field.holds == FLAG and column.kind != "integer" and not rule.values:
        yield "unmapped_value", f'Which values mean {rule.to}? Write `values`, such as {{ Y = "true", N = "false" }}.'
    if not field.words:
        if (rule.values and not field.takes_values) or rule.others is not None:
            yield (
                "wrong_rule",
                f"{rule.to} takes any value: it needs no `{'others' if field.takes_values else 'values'}`.",
            )
        return
    for word in (*rule.values.values(), *([rule.others] if rule.others is not None else [])):
        if word not in (*field.words, *field.also):
            yield "unknown_word", f"{rule.to} is one of {', '.join((*field.words, *field.also))}, not {word!r}."
    if field.holds == FLAG:
        return
    others = rule.others or field.others
    missing = [value for value in column.values if value not in rule.values and value not in field.words]
    if missing and others is None:
        yield (
            "unmapped_value",
            f"The values {', '.join(map(repr, missing))} have no word in `values`, and there is no `others`.",
        )


def _fields(rule: TableRule, target: Target) -> Iterator[tuple[str, str]]:
    given = Counter([each.to for each in rule.columns.values() if each.to is not None] + list(rule.set))
    for name, count in given.items():
        if count > 1:
            yield "field_twice", f"{count} columns become {name}: only one can."
    for name, word in rule.set.items():
        known = target.field(name)
        if known is None:
            yield "unknown_field", f"{target.name} has no field {name!r} to set."
        elif known.words and word not in known.words:
            yield "unknown_word", f"{name} is one of {', '.join(known.words)}, not {word!r}."
    for name, field in target.fields.items():
        if field.required and name not in given:
            yield "missing_field", f"No column becomes {name}, {field.about}, which {target.name} need."
    for group in dict.fromkeys(field.one_of for field in target.fields.values() if field.one_of):
        members = [name for name, field in target.fields.items() if field.one_of == group]
        if not given.keys() & set(members):
            yield "missing_field", f"No column becomes one of {', '.join(members)}, which {target.name} need."


def _history(rule: TableRule, target: Target) -> Iterator[tuple[str, str]]:
    """Histories whose texts no column holds, or one that the history does not read."""
    if (rule.becomes == "versions" and rule.history == "linked_lines") or (
        rule.becomes == "lines" and rule.history not in OF_LINES
    ):
        yield "wrong_rule", f"{target.name.capitalize()} cannot have the history {rule.history}."
    if rule.becomes != "versions":
        if rule.patch_layout is not None:
            yield "wrong_rule", f"`patch_layout` is of versions, and the table becomes {target.name}: remove it."
        return
    fields = rule.field_columns()
    needed = {"patches": ("patch",), "hashes": ("hash",), "branches": ("content", "branch")}
    for name in needed.get(rule.history, ("content",)):
        # A table without any text has a problem of its own.
        if name not in fields and (name == "branch" or fields.keys() & _texts(target)):
            sentence = (
                f"No column becomes {name}, which the history {rule.history} needs: map one, or write another history."
            )
            yield "missing_field", sentence
    if rule.branches == "own_script" and "branch" not in fields:
        yield "missing_field", "No column becomes branch, which `branches` needs: map one, or remove it."
    if rule.patch_layout is not None and rule.history != "patches":
        yield "wrong_rule", f"`patch_layout` is of patches, which the history {rule.history} does not read: remove it."
    if "patch" in fields and rule.history != "patches":
        sentence = f'A column becomes patch, which the history {rule.history} does not read: write history = "patches".'
        yield "wrong_rule", sentence


def _texts(target: Target) -> set[str]:
    return {name for name, field in target.fields.items() if field.one_of == "text"}


def _references(mapping: Mapping) -> Iterator[Problem]:
    """Rows that cannot come over without the rows they belong to."""
    for target, needed in (
        ("versions", "scripts"),
        ("commands", "scripts"),
        ("lines", "scripts"),
        ("contents", "versions"),
        ("sessions", "users"),
    ):
        if not mapping.tables_for(needed):
            for name in mapping.tables_for(target):
                sentence = f"{target.capitalize()} belong to {needed}, and no table becomes {needed}."
                yield Problem(f"no_{needed}", name, sentence)


def _exact(table: Table, name: str) -> Column | None:
    return next((column for column in table.columns if column.name == name), None)
