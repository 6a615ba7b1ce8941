"""One legacy script, read from all tables that have something of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from backfill.domains.base import BackfillContext
from backfill.domains.flat.duplicates import repeated_keys
from backfill.domains.flat.other_spellings import with_spelling
from backfill.domains.flat.references import References
from backfill.domains.script_log.branches import saves_of, script_of_branch
from backfill.domains.script_log.item_names import key_of, start_of
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.merged_users import MergedUsers
from backfill.scripts.histories.history_form import FormOptions
from backfill.scripts.histories.row_per_save import fitting
from backfill.scripts.history_forms import form_of
from backfill.scripts.legacy_script import LegacyScript, ListedTimes
from backfill.scripts.refused_contents import content_check
from backfill.scripts.script_rows import ScriptRow, ScriptRows
from backfill.scripts.script_saves import ScriptSaves, TableSaves
from backfill.scripts.written_by import CommandTable, Writers
from backfill.translate.row_keys import row_key, whole_key
from backfill.translate.source_rows import Problem
from repos.unit_of_work import RecordsTransaction

NO_TIME = 0
NO_NEW_OWNER = "The user to whom the mapping assigns the script did not come over: name another one."
NO_OWNER = "The owner of the script did not come over."
# Of the name of an item, in characters.
MAX_ITEM_NAME = 250


class SourceScript(NamedTuple):
    """A script of the source: its table and row, its saves in order, and the commands that point to them.

    `pointed` and `pointless` are commands by table: those that name a save of the script, and those that name none.
    """

    table: MappedTable
    row: ScriptRow
    saves: ScriptSaves
    pointed: Mapping[str, int]
    pointless: Mapping[str, int]
    is_branch: bool = False


class ScriptSource:
    """The scripts of a source, one by one."""

    def __init__(self, context: BackfillContext) -> None:
        self.context = context
        self._rows = [ScriptRows(table, context.mapping, context.hash_key) for table in context.tables_for("scripts")]
        merged, contents = MergedUsers(context.tables_for("users")), context.tables_for("contents")
        self._forms = [
            form_of(FormOptions(table, context.hash_key, contents, repeated_keys(context, table), merged))
            for table in context.tables_for("versions", "lines")
        ]
        self._commands = [CommandTable(table, context.hash_key, merged) for table in context.tables_for("commands")]
        self._check = content_check(context.mapping)
        self._users = References(context, "users")
        self._has_users = bool(context.tables_for("users"))

    def read(self, name: str) -> SourceScript | None:
        """The script of an item; None if its row is gone."""
        source = self.context.source
        rows = self._table_of(name)
        wanted = None if rows is None else key_of(self.context, rows.table, name)
        row = None if rows is None or wanted is None else rows.read(source, wanted.script)
        if rows is None or wanted is None or row is None:
            return None
        writers = Writers()
        for command in self._commands:
            column = str(command.table.column("script_id"))
            command.read(source, row.id, fitting(command.table, column, row.id), writers)
        branch = None if wanted.branch is None else row_key(wanted.branch)
        pointers = bool(self._commands)
        listed = ((form.table, form.rows(source, row.id, writers)) for form in self._forms)
        found = [saves_of(table, saves, branch, with_numbers=pointers) for table, saves in listed]
        if wanted.branch is not None:
            if not any(each.rows for each in found):
                return None  # the branch of the first save is the script itself
            row = script_of_branch(row, wanted.branch[0])
        parts = [TableSaves(form, each.rows) for form, each in zip(self._forms, found, strict=True)]
        saves = ScriptSaves(source, parts, rows.table, row, self._check, with_head=branch is None)
        pointed = writers.merged(set().union(*(each.own for each in found)))
        pointless = writers.all() - writers.merged(set().union(*(each.every for each in found)))
        if branch is not None:
            pointless.clear()  # the script itself counts them
        return SourceScript(rows.table, row, saves, pointed, pointless, is_branch=branch is not None)

    def _table_of(self, name: str) -> ScriptRows | None:
        """The table of scripts of an item."""
        starts = ("[", "#")
        named = [each for each in self._rows if name.startswith(tuple(start_of(each.table.name) + at for at in starts))]
        return max(named, key=lambda each: len(each.table.name), default=None)

    def script(self, tx: RecordsTransaction, found: SourceScript, script_id: int) -> LegacyScript | Problem | None:
        """The script as it is brought over; a problem if its owner has not come over, None if it is left out then."""
        row = found.row
        owner = None
        if row.new_owner is not None:
            owner = self._users.named(tx, row.new_owner) if self._has_users else _user_of_ledger(tx, row.new_owner)
            if owner is None:
                return Problem("L05", NO_NEW_OWNER, found.table.column("user_id"))
        elif row.owner is not None and self._has_users:
            owner = self._user(tx, row.owner)
            decided = row.without_owner
            if owner is None and decided is not None and decided.do == "skip":
                return None
            if owner is None and decided is not None and decided.do == "assign":
                owner = self._users.named(tx, decided.to)
            if owner is None:
                reason = with_spelling(self.context, "users", row.owner, NO_OWNER)
                return Problem("L05", reason, found.table.column("user_id"))
        first = next((save.at for save in found.saves.rows if save.at is not None), None)
        known = [at for at in (row.created_at, first, row.updated_at) if at is not None]
        created_at = row.created_at if row.created_at is not None else min(known, default=NO_TIME)
        archived_at = row.archived_at
        if archived_at is None and row.archived:
            archived_at = max(known, default=NO_TIME)
        return LegacyScript(
            script_id=script_id,
            origin=row.origin,
            title=row.title,
            owner=owner,
            metadata=row.metadata,
            created_at=created_at,
            archived_at=archived_at,
            listed=ListedTimes(row.created_at, row.updated_at),
        )

    def _user(self, tx: RecordsTransaction, user: Any) -> int | None:
        """Our id of a legacy user who came over."""
        return self._users.find(tx, [user]).get(row_key([user]))


def _user_of_ledger(tx: RecordsTransaction, named: str | int) -> int | None:
    """The user whom a mapping names by our id; None if there is none."""
    number = whole_key(named)
    return number if number is not None and number > 0 and tx.users.get(number) is not None else None
