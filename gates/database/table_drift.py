"""Drift of one table: its columns, indexes, foreign keys, checks and options, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gates.database.expressions import words
from repos.legacy.schema_shape import CheckShape, ColumnShape, ForeignKeyShape, IndexShape, TableShape

Same = Callable[[str, str], bool]

MAX_NAMES = 12


@dataclass(frozen=True)
class Difference:
    """One difference. `kind` is added, removed, renamed or changed; `what` is what changed, `table` where."""

    table: str
    what: str
    kind: Literal["added", "removed", "renamed", "changed"]
    sentence: str


def table_differences(old: TableShape, new: TableShape, same: Same) -> Iterator[Difference]:
    """What changed from one shape of a table to another, apart from its name."""
    found = [
        *_columns(old, new, same),
        *_indexes(old, new),
        *_foreign_keys(old, new),
        *_checks(old, new, same),
        *_options(old, new),
    ]
    if not found and _definition(old) != _definition(new):
        # On SQLite: a check or the expression of a generated column.
        found.append(_changed(new, "table", new.name, "is created by another statement"))
    yield from found


def _definition(table: TableShape) -> list[str]:
    """The words of the statement that creates a table, without its name."""
    return [word for word in words(table.definition or "") if word != table.name.lower()]


def added(table: str, kind: str, name: str, how: str = "") -> Difference:
    """A difference: something is new."""
    return Difference(table, f"{kind} {name}", "added", f"The {kind} {name} was added{f': {how}' if how else ''}.")


def removed(table: str, kind: str, name: str, how: str = "") -> Difference:
    """A difference: something is gone."""
    return Difference(table, f"{kind} {name}", "removed", f"The {kind} {name} was removed{f': {how}' if how else ''}.")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, cut after a dozen."""
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _changed(table: TableShape, kind: str, name: str, how: str) -> Difference:
    return Difference(table.name, f"{kind} {name}", "changed", f"The {kind} {name} {how}.")


def _columns(old: TableShape, new: TableShape, same: Same) -> Iterator[Difference]:
    before, after = ({column.name: column for column in table.columns} for table in (old, new))
    gone = [column for column in old.columns if column.name not in after]
    fresh = [column for column in new.columns if column.name not in before]
    renamed = {}
    for column in gone:
        # A column that only has another name, at the same place.
        twin = new.columns[old.columns.index(column)] if old.columns.index(column) < len(new.columns) else None
        if twin is not None and twin in fresh and not list(_column(new, column, twin, same)):
            renamed[column.name] = twin.name
            yield Difference(
                new.name,
                f"column {new.name}.{twin.name}",
                "renamed",
                f"The column {new.name}.{column.name} was renamed to {twin.name}.",
            )
        else:
            yield removed(new.name, "column", f"{new.name}.{column.name}", column.type)
    for column in fresh:
        if column.name not in renamed.values():
            yield added(new.name, "column", f"{new.name}.{column.name}", _described(column))
    for name in before.keys() & after.keys():
        yield from _column(new, before[name], after[name], same)
    order = [renamed.get(column.name, column.name) for column in old.columns]
    kept = [name for name in order if name in after]
    now = [column.name for column in new.columns if column.name in order]
    if kept != now:
        yield _changed(new, "table", new.name, f"has its columns in another order: {listed(now)}")


def _column(table: TableShape, old: ColumnShape, new: ColumnShape, same: Same) -> Iterator[Difference]:
    def changed(how: str) -> Difference:
        return _changed(table, "column", f"{table.name}.{new.name}", how)

    if old.type != new.type:
        yield changed(f"was {old.type} and is {new.type}")
    if old.nullable != new.nullable:
        yield changed("may be NULL now" if new.nullable else "may no longer be NULL")
    if old.default != new.default or not _same_text(old.default_expression, new.default_expression, same):
        yield changed(f"had {_default(old) or 'no default'} and has {_default(new) or 'no default'}")
    if old.on_update != new.on_update:
        yield changed(f"set by every UPDATE to {new.on_update}" if new.on_update else "is no longer set by an UPDATE")
    if not _same_text(old.generated, new.generated, same):
        yield changed(_computed(old, new))
    elif old.stored != new.stored:
        yield changed("is stored now, and was virtual" if new.stored else "is virtual now, and was stored")
    if old.auto_increment != new.auto_increment:
        yield changed("numbers its rows now" if new.auto_increment else "no longer numbers its rows")
    if (old.charset, old.collation) != (new.charset, new.collation) and old.charset and new.charset:
        yield changed(f"was in {_collated(old)} and is in {_collated(new)}")
    if old.options != new.options:
        yield changed(f"was {listed(old.options) or 'without options'} and is {listed(new.options) or 'without'}")


def _computed(old: ColumnShape, new: ColumnShape) -> str:
    if new.generated is None:
        return "is no longer computed"
    return f"is computed now, as {new.generated}" if old.generated is None else f"is computed as {new.generated}"


def _default(column: ColumnShape) -> str | None:
    if column.default is not None:
        return f"default '{column.default}'"
    return None if column.default_expression is None else f"default {column.default_expression}"


def _same_text(old: str | None, new: str | None, same: Same) -> bool:
    return old == new if old is None or new is None else same(old, new)


def _collated(column: ColumnShape) -> str:
    return f"{column.charset} with {column.collation}" if column.charset else "no character set"


def _described(column: ColumnShape) -> str:
    parts = [column.type, "" if column.nullable else "not null", _default(column) or ""]
    return " ".join(part for part in parts if part)


def _indexes(old: TableShape, new: TableShape) -> Iterator[Difference]:
    before, after = list(old.indexes), list(new.indexes)
    for index in old.indexes:
        if index in after:
            before.remove(index)
            after.remove(index)
    for index in before:
        twin = next((other for other in after if other.name == index.name and index.name), None)
        if twin is None:
            twin = next((other for other in after if _nameless(other) == _nameless(index)), None)
        if twin is None:
            yield removed(new.name, index.kind, _index_name(new, index), listed(index.parts))
            continue
        after.remove(twin)
        if twin.name != index.name:
            sentence = f"The {index.kind} {_index_name(new, index)} was renamed to {twin.name}."
            yield Difference(new.name, f"{index.kind} {_index_name(new, index)}", "renamed", sentence)
        else:
            yield _changed(new, index.kind, _index_name(new, index), _index_change(index, twin))
    for index in after:
        yield added(new.name, index.kind, _index_name(new, index), listed(index.parts))


def _index_change(old: IndexShape, new: IndexShape) -> str:
    if old.kind != new.kind:
        return f"is {'an' if new.kind == 'index' else 'a'} {new.kind} now: {listed(new.parts)}"
    if old.parts != new.parts:
        return f"was on {listed(old.parts)} and is on {listed(new.parts)}"
    return "is ignored by the server now" if new.ignored else "is no longer ignored by the server"


def _nameless(index: IndexShape) -> tuple[object, ...]:
    return index.kind, index.parts, index.ignored


def _index_name(table: TableShape, index: IndexShape) -> str:
    return f"of {table.name}" if index.kind == "primary key" or not index.name else f"{table.name}.{index.name}"


def _foreign_keys(old: TableShape, new: TableShape) -> Iterator[Difference]:
    before = [key for key in old.foreign_keys if key not in new.foreign_keys]
    after = [key for key in new.foreign_keys if key not in old.foreign_keys]
    for key in before:
        twin = next((other for other in after if _joined(other) == _joined(key)), None)
        if twin is None:
            yield removed(new.name, "foreign key", _key_name(new, key), _key_text(key))
            continue
        after.remove(twin)
        if (key.on_delete, key.on_update) != (twin.on_delete, twin.on_update):
            was, now = (f"on delete {one.on_delete}, on update {one.on_update}" for one in (key, twin))
            yield _changed(new, "foreign key", _key_name(new, twin), f"was {was} and is {now}")
        if key.name != twin.name:
            yield _changed(new, "foreign key", _key_name(new, key), f"is named {twin.name or 'by the server'} now")
    for key in after:
        yield added(new.name, "foreign key", _key_name(new, key), _key_text(key))


def _joined(key: ForeignKeyShape) -> tuple[object, ...]:
    return key.columns, key.table, key.to


def _key_name(table: TableShape, key: ForeignKeyShape) -> str:
    return f"{table.name}.{key.name}" if key.name else f"of {table.name} ({listed(key.columns)})"


def _key_text(key: ForeignKeyShape) -> str:
    return f"({listed(key.columns)}) to {key.table} ({listed(key.to)})"


def _checks(old: TableShape, new: TableShape, same: Same) -> Iterator[Difference]:
    after = list(new.checks)
    lost = []
    for check in old.checks:
        twin = next((other for other in after if _same_check(check, other, same)), None)
        if twin is None:
            lost.append(check)
        else:
            after.remove(twin)
    for check in lost:
        twin = next(
            (other for other in after if check.name == other.name and (check.name or same(*_texts(check, other)))),
            None,
        )
        twin = twin or next((other for other in after if same(*_texts(check, other))), None)
        if twin is None:
            yield removed(new.name, "check", _check_name(new, check), check.expression)
            continue
        after.remove(twin)
        if not same(*_texts(check, twin)):
            yield _changed(new, "check", _check_name(new, check), f"was {check.expression} and is {twin.expression}")
        if check.enforced != twin.enforced:
            yield _changed(
                new, "check", _check_name(new, check), "is enforced now" if twin.enforced else "is not enforced now"
            )
        if check.name != twin.name:
            yield _changed(new, "check", _check_name(new, check), f"is named {twin.name or 'by the server'} now")
    for check in after:
        yield added(new.name, "check", _check_name(new, check), check.expression)


def _same_check(old: CheckShape, new: CheckShape, same: Same) -> bool:
    return (old.name, old.enforced) == (new.name, new.enforced) and same(*_texts(old, new))


def _texts(old: CheckShape, new: CheckShape) -> tuple[str, str]:
    return old.expression, new.expression


def _check_name(table: TableShape, check: CheckShape) -> str:
    return f"{table.name}.{check.name}" if check.name else f"of {table.name}"


def _options(old: TableShape, new: TableShape) -> Iterator[Difference]:
    if old.kind != new.kind:
        yield _changed(new, "table", new.name, f"was a {old.kind} and is a {new.kind}")
    if old.engine != new.engine:
        yield _changed(new, "table", new.name, f"was stored by {old.engine} and is stored by {new.engine}")
    if (old.charset, old.collation) != (new.charset, new.collation):
        was, now = (f"{table.charset} with {table.collation}" for table in (old, new))
        yield _changed(new, "table", new.name, f"had {was} as default and has {now}")
    if old.options != new.options:
        was, now = (listed(table.options) or "none" for table in (old, new))
        yield _changed(new, "table", new.name, f"had the options {was} and has {now}")
    if old.partitions != new.partitions:
        was, now = (listed(table.partitions) or "none" for table in (old, new))
        yield _changed(new, "table", new.name, f"had the partitions {was} and has {now}")
