"""Names of the items of scripts: the table of a script and its id, and the branch if it is one of its branches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from backfill.domains.base import BackfillContext
from backfill.domains.script_log.branches import branches_of
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.row_keys import key_digest, row_key
from domain.submissions.origin import MAX_TABLE
from repos.legacy.rows import read_pages

# Of the name of an item, in characters.
MAX_ITEM_NAME = 250
# What the hash of the key of a branch begins with.
BRANCH = "#branch "


class ItemKey(NamedTuple):
    """The id of a script as the source has it, and the id of a branch in a list; None for the script itself."""

    script: Any
    branch: tuple[Any] | None = None


def item_of(table: str, item: ItemKey) -> str:
    """The name of an item: its table and its key, or the hash of a long one."""
    key = row_key([item.script, *(item.branch or ())])
    name = f"{start_of(table)}{key}"
    mark = BRANCH if item.branch is not None else "#"
    return name if len(name) <= MAX_ITEM_NAME else f"{start_of(table)}{mark}{key_digest(key).hex()}"


def start_of(table: str) -> str:
    """The beginning of the names of a table's items."""
    return f"{table if len(table) <= MAX_TABLE else key_digest(table).hex()} "


def key_of(context: BackfillContext, table: MappedTable, name: str) -> ItemKey | None:
    """The key of an item, as the source has it; None if it is gone."""
    kind = table.described(str(table.column("id"))).kind
    key = name.removeprefix(start_of(table.name))
    if not key.startswith("#"):
        value, *branch = json.loads(key)
        is_hex = isinstance(value, dict) and "hex" in value and kind == "bytes"
        script = bytes.fromhex(value["hex"]) if is_hex else value
        if is_hex or isinstance(value, str) or (isinstance(value, int) and kind == "integer"):
            return ItemKey(script, (branch[0],) if branch else None)
    # A key that JSON does not have as it is, or too long for a name: looked for among all.
    return next((item for item in _all(context, table) if item_of(table.name, item) == name), None)


def _all(context: BackfillContext, table: MappedTable) -> Iterator[ItemKey]:
    for page in read_pages(context.source, table.table, [str(table.column("id"))]):
        yield from (ItemKey(row.values[0]) for row in page)
    for branch in branches_of(context):
        yield ItemKey(branch.script, (branch.branch,))


def is_branch(context: BackfillContext, name: str) -> bool:
    """Whether an item is one of a branch."""
    starts = [start for table in context.tables_for("scripts") if name.startswith(start := start_of(table.name))]
    key = name.removeprefix(max(starts, key=len, default=""))
    return key.startswith(BRANCH) if key.startswith("#") else len(json.loads(key)) > 1
