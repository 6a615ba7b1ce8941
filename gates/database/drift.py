"""Drift: what changed between two shapes of a schema, in words.

    differences(before, after) -> list[Difference]     sorted by the name of what changed
    not_compared(before, after) -> list[str]           what an account could not see, and notes
    not_seen(shape) -> list[str]                       what the account of one shape may not see

Nothing is a difference that the two servers only spell differently; see `repos.legacy.schema_shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from gates.database.expressions import same_expression, words
from gates.database.table_drift import Difference, added, listed, removed, table_differences
from repos.legacy.schema_shape import RoutineShape, SchemaShape, TableShape, TriggerShape, ViewShape
from repos.legacy.spellings import json_as_text

Part = TypeVar("Part", TableShape, ViewShape, TriggerShape, RoutineShape)

__all__ = ["Difference", "differences", "not_compared"]


_PRIVILEGES = {
    "triggers": "TRIGGER",
    "routines": "SHOW_ROUTINE (on MariaDB: SELECT on mysql.proc)",
    "checks": "a privilege on the whole schema, like SELECT",
}


def differences(before: SchemaShape, after: SchemaShape) -> list[Difference]:
    """What changed from one shape to another; empty if they mean the same."""
    unseen = {*before.unseen, *after.unseen}
    if "checks" in unseen:
        before, after = _without_checks(before), _without_checks(after)
    compared = _Compared(before, after)
    found = [*compared.tables(), *compared.views()]
    if "triggers" not in unseen:
        found += compared.triggers()
    if "routines" not in unseen:
        found += compared.routines()
    return sorted(found, key=lambda difference: (difference.table, difference.what))


def not_compared(before: SchemaShape, after: SchemaShape) -> list[str]:
    """What the comparison leaves out, and what differs without being a part of the schema; in sentences."""
    notes = []
    for kind, privilege in _PRIVILEGES.items():
        lacking = [
            account
            for account, shape in (("the account of the freeze lacked", before), ("the account lacks", after))
            if kind in shape.unseen
        ]
        if lacking:
            notes.append(f"The {kind} were not compared: {' and '.join(lacking)} {privilege}.")
    hidden = sorted(
        {view.name for shape in (before, after) for view in shape.views if view.definition is None}
        & {view.name for view in before.views}
        & {view.name for view in after.views}
    )
    if hidden:
        notes.append(f"The definitions of views were not compared, for want of SHOW VIEW: {listed(hidden)}.")
    bodies = sorted(
        {routine.name for shape in (before, after) for routine in shape.routines if routine.body is None}
        & {routine.name for routine in before.routines}
        & {routine.name for routine in after.routines}
    )
    if bodies:
        notes.append(
            f"The bodies of routines were not compared, because the account may not see them: {listed(bodies)}."
        )
    if before.product != after.product:
        notes.append(f"The schema was on {before.product} {before.version} and is on {after.product} {after.version}.")
    if (before.charset, before.collation) != (after.charset, after.collation):
        notes.append(
            f"The default of new tables was {before.charset} with {before.collation} and is {after.charset} with "
            f"{after.collation}."
        )
    return notes


def not_seen(shape: SchemaShape) -> list[str]:
    """What the account may not see of a schema, in sentences."""
    notes = [
        f"The {kind} are not in it: the account lacks {privilege}."
        for kind, privilege in _PRIVILEGES.items()
        if kind in shape.unseen
    ]
    if hidden := [view.name for view in shape.views if view.definition is None]:
        notes.append(f"The definitions of views are not in it, for want of SHOW VIEW: {listed(hidden)}.")
    if hidden := [routine.name for routine in shape.routines if routine.body is None]:
        notes.append(f"The bodies of routines are not in it, because the account may not see them: {listed(hidden)}.")
    return notes


def _without_checks(shape: SchemaShape) -> SchemaShape:
    def plain(table: TableShape) -> TableShape:
        columns = tuple(map(json_as_text, table.columns))
        return msgspec.structs.replace(table, columns=columns, checks=())

    return msgspec.structs.replace(shape, tables=tuple(map(plain, shape.tables)))


@dataclass(frozen=True)
class _Compared:
    before: SchemaShape
    after: SchemaShape

    def tables(self) -> Iterator[Difference]:
        for old, new in self._paired(self.before.tables, self.after.tables, same=self._same_table):
            if new is None and old is not None:
                yield removed(old.name, old.kind, old.name)
            elif old is None and new is not None:
                yield added(new.name, new.kind, new.name, listed([column.name for column in new.columns]))
            elif old is not None and new is not None:
                if old.name != new.name:
                    yield _renamed(new.name, old.kind, old.name, new.name)
                yield from table_differences(old, new, self.same)

    def views(self) -> Iterator[Difference]:
        for old, new in self._paired(self.before.views, self.after.views):
            if new is None and old is not None:
                yield removed(old.name, "view", old.name)
            elif old is None and new is not None:
                yield added(new.name, "view", new.name)
            elif old is not None and new is not None:
                yield from self._view(old, new)

    def triggers(self) -> Iterator[Difference]:
        for old, new in self._paired(self.before.triggers, self.after.triggers):
            if new is None and old is not None:
                yield removed(old.table, "trigger", old.name)
            elif old is None and new is not None:
                yield added(new.table, "trigger", new.name, f"{new.when} on {new.table}".strip())
            elif old is not None and new is not None:
                if (old.table, old.when) != (new.table, new.when):
                    fires = [f"{trigger.when} on {trigger.table}" for trigger in (old, new)]
                    yield _changed(new.table, "trigger", new.name, f"fired {fires[0]} and fires {fires[1]}")
                if words(old.statement) != words(new.statement):
                    yield _changed(new.table, "trigger", new.name, "has another statement")

    def routines(self) -> Iterator[Difference]:
        # A procedure and a function may share a name.
        for old, new in self._paired(
            self.before.routines, self.after.routines, key=lambda routine: f"{routine.kind} {routine.name}"
        ):
            if new is None and old is not None:
                yield removed(old.name, old.kind, old.name)
            elif old is None and new is not None:
                yield added(new.name, new.kind, new.name, listed(new.parameters))
            elif old is not None and new is not None:
                yield from self._routine(old, new)

    def same(self, old: str, new: str) -> bool:
        """Whether two expressions mean the same."""
        return same_expression(old, new, (self.before.database, self.after.database))

    def _view(self, old: ViewShape, new: ViewShape) -> Iterator[Difference]:
        if old.definition is not None and new.definition is not None and not self.same(old.definition, new.definition):
            yield _changed(new.name, "view", new.name, "has another query")
        if old.check_option != new.check_option:
            yield _changed(
                new.name, "view", new.name, f"had check option {old.check_option} and has {new.check_option}"
            )
        if old.security != new.security:
            how = f"ran with the rights of its {old.security} and runs with those of its {new.security}"
            yield _changed(new.name, "view", new.name, how)

    def _routine(self, old: RoutineShape, new: RoutineShape) -> Iterator[Difference]:
        if old.parameters != new.parameters:
            yield _changed(
                new.name, old.kind, new.name, f"took ({listed(old.parameters)}) and takes ({listed(new.parameters)})"
            )
        if old.returns != new.returns:
            yield _changed(new.name, old.kind, new.name, f"returned {old.returns} and returns {new.returns}")
        if old.characteristics != new.characteristics:
            was, now = (listed(routine.characteristics) for routine in (old, new))
            yield _changed(new.name, old.kind, new.name, f"was {was} and is {now}")
        if old.body is not None and new.body is not None and words(old.body) != words(new.body):
            yield _changed(new.name, old.kind, new.name, "has another body")

    def _same_table(self, old: TableShape, new: TableShape) -> bool:
        return old.columns == new.columns and not list(table_differences(old, new, self.same))

    def _paired(
        self,
        before: Sequence[Part],
        after: Sequence[Part],
        *,
        key: Callable[[Part], str] = lambda part: part.name,
        same: Callable[[Part, Part], bool] | None = None,
    ) -> Iterator[tuple[Part | None, Part | None]]:
        """What is on both sides together; with `same`, one that only changed its name is a pair too."""
        old: Mapping[str, Part] = {key(part): part for part in before}
        new: dict[str, Part] = {key(part): part for part in after}
        for name, part in old.items():
            twin = new.pop(name, None)
            if twin is None and same is not None:
                twin = next((other for other in new.values() if key(other) not in old and same(part, other)), None)
                if twin is not None:
                    del new[key(twin)]
            yield part, twin
        yield from ((None, part) for part in new.values())


def _renamed(table: str, kind: str, old: str, new: str) -> Difference:
    return Difference(table, f"{kind} {new}", "renamed", f"The {kind} {old} was renamed to {new}.")


def _changed(table: str, kind: str, name: str, how: str) -> Difference:
    return Difference(table, f"{kind} {name}", "changed", f"The {kind} {name} {how}.")
