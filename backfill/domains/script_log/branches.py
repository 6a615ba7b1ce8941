"""Branches of scripts that become scripts of their own: their items and numbers, and which saves are whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from backfill.domains.base import BackfillContext
from backfill.domains.flat.references import RESERVED, script_owners
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.scripts.histories.save_rows import SaveRows
from backfill.scripts.script_rows import ScriptRow
from backfill.translate.row_keys import origin_key, row_key, whole_key
from backfill.translate.words import repaired_line, text_of
from domain.script.metadata import MAX_TITLE
from domain.submissions.origin import Origin
from repos.backfill.legacy_keys import NewKey
from repos.legacy.rows import read_pages

TARGET = "scripts"
# Numbers of branches begin this far after those of scripts, because the application goes on numbering its scripts.
NUMBERS_AFTER = 1_000_000
MAX_NAME = 60


class BranchKey(NamedTuple):
    """A branch of a script, by the ids that the source has for both."""

    script: Any
    branch: Any

    @property
    def key(self) -> str:
        """The key that it is known by, as a JSON list."""
        return row_key([self.script, self.branch])


def is_divided(table: MappedTable) -> bool:
    """Whether the branches of a table become scripts of their own."""
    return table.column("branch") is not None and table.rule.branches == "own_script"


def branches_of(context: BackfillContext) -> Iterator[BranchKey]:
    """The branches of scripts that have several, each once."""
    for table in context.tables_for("versions"):
        column = table.column("branch")
        if not is_divided(table) or column is None:
            continue
        scripts = script_owners(context)
        # The branch that is read first need not be that of the first save, so it has an item too.
        first: dict[int, Any] = {}
        seen: set[str] = set()
        for page in read_pages(context.source, table.table, [str(table.column("script_id")), column]):
            for row in page:
                branch = BranchKey(*row.values[:2])
                if branch.script not in scripts:
                    continue
                begun = BranchKey(branch.script, first.setdefault(number_of(branch.script), branch.branch))
                for each in (begun, branch) if branch.key != begun.key else ():
                    if each.key not in seen:
                        seen.add(each.key)
                        yield each


def reserve_branch_numbers(
    context: BackfillContext, scripts: MappedTable, branches: Sequence[BranchKey]
) -> list[BranchKey]:
    """Give a number to each branch of the scripts of a table that has none yet, for ever; returns these branches."""
    if not branches:
        return []
    ids, largest = KeyIndex(), 0
    for page in read_pages(context.source, scripts.table, [str(scripts.column("id"))]):
        for row in page:
            ids.add(number_of(row.values[0]))
            largest = max(largest, whole_key(row.values[0]) or 0)
    branches = [branch for branch in branches if number_of(branch.script) in ids]
    with context.unit_of_work.records() as tx:
        keys = [branch.key for branch in branches]
        known = tx.legacy_keys.find(scripts.name, keys)
        missing = [key for key in keys if key not in known]
        last = max(tx.legacy_keys.highest(TARGET), tx.script_ids.highest())
        last = max(last, largest + NUMBERS_AFTER)
        numbers = [NewKey(key, last + place, RESERVED) for place, key in enumerate(missing, 1)]
        tx.legacy_keys.add(scripts.name, TARGET, numbers)
        if numbers:
            tx.script_ids.reserve(numbers[-1].our_id)
    return branches


class BranchSaves(NamedTuple):
    """The saves of one branch, their numbers that no branch before it has, and the numbers of all branches."""

    rows: SaveRows
    own: set[int]
    every: set[int]


def saves_of(table: MappedTable, rows: SaveRows, branch: str | None, *, with_numbers: bool) -> BranchSaves:
    """The saves of one branch, by its key; None is the branch of the first save, which is not found by its key.

    Without numbers, which only commands of other tables need, those of 100,000 saves take no memory.
    """
    if not is_divided(table):
        numbers = _numbers(rows) if with_numbers else set()
        return BranchSaves(rows, numbers, numbers) if branch is None else BranchSaves(SaveRows(), set(), set())
    by_branch: dict[str, SaveRows] = {}
    for row in rows:
        by_branch.setdefault(row_key([row.branch]), SaveRows()).append(row)
    main = next(iter(by_branch), None)
    wanted = main if branch is None else branch if branch != main else None
    own: set[int] = set()
    every: set[int] = set()
    for key, saves in by_branch.items():
        if key == wanted:
            own = _numbers(saves) - every
        every |= _numbers(saves)
    return BranchSaves(SaveRows() if wanted is None else by_branch.get(wanted, SaveRows()), own, every)


def _numbers(rows: SaveRows) -> set[int]:
    return set(rows.numbers())


def script_of_branch(row: ScriptRow, branch: Any) -> ScriptRow:
    """The row of a script as that of one of its branches, which has no text and no times of its own."""
    # An item has the name of a branch as JSON: an object for bytes and large numbers.
    shown = next(iter(branch.values())) if isinstance(branch, dict) else branch
    name = "unnamed" if branch is None else repaired_line(text_of(shown))[:MAX_NAME]
    return row._replace(
        key=row_key([row.id, branch]),
        origin=Origin(table=row.origin.table, key=origin_key([row.id, branch])),
        number=0,
        title=f"{row.title[: MAX_TITLE - MAX_NAME - 3]} ({name})",
        created_at=None,
        updated_at=None,
        content=None,
        counter=None,
        repaired={},
    )
