"""Tables whose target a person names, and columns of any table that refer to users and scripts."""

from __future__ import annotations

from collections.abc import Mapping

from backfill.recognition.shape import (
    BRANCHES,
    FULL_SAVES,
    HASHES,
    HEAD_ONLY,
    LINKED_LINES,
    NO_HISTORY,
    PATCHES,
    Shape,
    snake,
    words,
)
from repos.legacy.catalog import Table

_PATCH = words("patch diff delta")
_BRANCH = words("branch_id branch")
_TEXT = words("content body text")
_HASH = words("hash content_hash sha256 checksum")
# The usual names of the columns that refer to the rows of a target.
_REFERENCES = {"users": "user_id", "scripts": "script_id"}


def chosen_shape(table: Table, target: str) -> Shape:
    """The shape of a table that a person says becomes a target."""
    return Shape(f"{target}, as chosen", target, _history(table, target))


def referring_columns(table: Table, targets: Mapping[str, str]) -> dict[str, str]:
    """Columns by the usual name of what they are: `writer_id` is `user_id` if a table of writers becomes users.

    `targets` are the targets of tables. A foreign key says which rows a column names, else the name of the column.
    """
    found: dict[str, str] = {}
    for column in table.names:
        named = next((key.table for key in table.foreign_keys if key.columns == (column,)), None)
        named = named or _named(column, targets)
        # A row that names another one of its own table, such as its parent, does not belong to it.
        usual = _REFERENCES.get(targets.get(named, "")) if named != table.name else None
        if usual is not None:
            found.setdefault(usual, column)
    return found


def _named(column: str, targets: Mapping[str, str]) -> str:
    """The table that the name of a column speaks of: `document_id` of `documents`, `app_document`."""
    stem, _, end = snake(column).rpartition("_")
    if end not in ("id", "uuid", "key") or not stem:
        return ""
    named = (name for name, target in targets.items() if target in _REFERENCES and stem in _singulars(snake(name)))
    return next(named, "")


def _singulars(name: str) -> set[str]:
    names = {name, name.rpartition("_")[2]}
    return (
        names | {each.removesuffix("s") for each in names} | {each[:-3] + "y" for each in names if each.endswith("ies")}
    )


def _history(table: Table, target: str) -> str:
    columns = frozenset(map(snake, table.names))
    if target == "lines":
        return LINKED_LINES
    if target == "scripts":
        return HEAD_ONLY if columns & (_TEXT | {"current_text"}) else NO_HISTORY
    if target != "versions":
        return NO_HISTORY
    if columns & _PATCH:
        return PATCHES
    if columns & _BRANCH:
        return BRANCHES
    return HASHES if columns & _HASH and not columns & _TEXT else FULL_SAVES
