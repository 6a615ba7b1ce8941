"""Upgrade check: whether the migrations can run on what a database holds, decided before the first of them.

On a server each statement that alters a table ends the transaction, so a migration that meets a table of another
application stops halfway and leaves half a schema. Such a database is refused, as is one that was left so before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import ClassVar

from domain.errors import LedgerError
from repos.schema.contents import Contents
from repos.schema.revision import TABLE
from repos.schema.upgrade_checks.refusals import UpgradeRefusals

Columns = Mapping[str, frozenset[str]]

# A table of every revision, also of those to come, and some of its columns.
LOG = "script_commands"
LOG_COLUMNS = frozenset({"script_id", "version_number", "chain_hash"})


class UnfitDatabase(LedgerError):
    """A database that cannot be upgraded; the message says why and what to do."""

    code: ClassVar[str] = "unfit_database"


class ForeignTables(UnfitDatabase):
    """The database holds tables of another application."""

    code = "foreign_tables"


class UnfinishedSchema(UnfitDatabase):
    """The database holds half of a schema of ours: of an interrupted migration, or of a dump loaded in part."""

    code = "unfinished_schema"


def require_upgradable(
    held: Contents,
    found: str | None,
    known: Mapping[str, Contents],
    refusals: UpgradeRefusals,
    allowed: Iterable[str] = (),
) -> None:
    """Refuse a database that the migrations would stop halfway on. Reads nothing and changes nothing.

    `found` is the recorded revision, `known` the contents at each revision, oldest first. Foreign tables whose names
    match a pattern in `allowed` may stay, unless a table of ours needs the name; so may all views.

    Raises:
        ForeignTables: there are tables of another application.
        UnfinishedSchema: a part of the schema is missing, or a part of the next one is already there.
    """
    if found is None:
        _require_no_schema(held, known, refusals, tuple(allowed))
    elif found in known and (_ours_in(held, known) or held.tables.keys() == {TABLE}):
        _require_whole(held, found, known, refusals)
    elif found in known or not held.tables.get(LOG, frozenset()) >= LOG_COLUMNS:
        raise ForeignTables(refusals.foreign_revision(found))
    # Else it is a newer schema of ours, which `require_current` refuses.


def _require_no_schema(
    held: Contents, known: Mapping[str, Contents], refusals: UpgradeRefusals, allowed: tuple[str, ...]
) -> None:
    """A database without a revision must hold no table of ours, whole or in part, and no foreign one."""
    tables = {name: columns for name, columns in held.tables.items() if name != TABLE}
    for revision, schema in reversed([*known.items()]):
        if schema.tables.keys() <= tables.keys() and _lacks(held, schema.tables) == []:
            raise UnfinishedSchema(refusals.lost_revision(revision))
    left = _ours_in(held, known)
    ours = {name for schema in known.values() for name in schema.named}
    collisions = sorted({*tables, *held.views, *held.reserved} & ours - {*left})
    if held.named.get(TABLE, frozenset({"version_num"})) != {"version_num"} or TABLE in held.views:
        collisions.append(TABLE)
    foreign = sorted(tables.keys() - ours)
    unwelcome = [name for name in foreign if not any(fnmatchcase(name, pattern) for pattern in allowed)]
    if collisions or unwelcome:
        raise ForeignTables(refusals.foreign(len(foreign) + len(collisions), collisions, unwelcome, left))
    if left:
        raise UnfinishedSchema(refusals.left_by_first_migration(left))


def _require_whole(held: Contents, found: str, known: Mapping[str, Contents], refusals: UpgradeRefusals) -> None:
    """A database at a revision must hold all tables of it, and nothing that a later migration makes.

    A view holds no data, and is created again by the upgrade, unless something else has its name.
    """
    tables, views = known[found].tables, known[found].views
    taken_views = {name: columns for name, columns in views.items() if name in held.tables or name in held.reserved}
    if _lacks(held, {**tables, **taken_views}):
        raise UnfinishedSchema(refusals.incomplete(found, _lacks(held, known[found].named)))
    later = [schema for revision, schema in known.items() if revision > found]
    made = {name: columns for schema in reversed(later) for name, columns in schema.named.items()}
    made = {name: columns for name, columns in made.items() if name not in known[found].named}
    taken = sorted(made.keys() & {*held.named, *held.reserved})
    collisions = [name for name in taken if held.tables.get(name) not in [schema.tables.get(name) for schema in later]]
    if collisions:
        raise ForeignTables(refusals.foreign(len(collisions), collisions, [], []))
    columns = sorted(
        f"{name}.{column}"
        for name, before in known[found].tables.items()
        for schema in later[:1]
        for column in schema.tables.get(name, frozenset()) & (held.tables[name] - before)
    )
    if taken or columns:
        raise UnfinishedSchema(refusals.left_by_migration(found, taken, columns))


def _ours_in(held: Contents, known: Mapping[str, Contents]) -> list[str]:
    """Tables that have exactly the columns that one of our revisions gives them."""
    shapes = [schema.tables for schema in known.values()]
    return sorted(name for name, columns in held.tables.items() if columns in [tables.get(name) for tables in shapes])


def _lacks(held: Contents, wanted: Columns) -> list[str]:
    """Tables, views and columns that are missing."""
    missing = []
    for name, columns in sorted(wanted.items()):
        if name not in held.named:
            missing.append(name)
        else:
            missing += [f"{name}.{column}" for column in sorted(columns - held.named[name])]
    return missing
