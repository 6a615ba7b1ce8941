"""One legacy script, read from all tables that have something of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from backfill.checks.mapped_table import MappedTable
from backfill.domains.base import BackfillContext
from backfill.domains.flat.references import References
from backfill.scripts.full_saves import FullSaves, SaveTable, fitting, latest_save
from backfill.scripts.legacy_script import LegacyScript, ListedTimes
from backfill.scripts.script_rows import ScriptRow, ScriptRows
from backfill.scripts.written_by import CommandTable, Writers
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import Problem
from repos.unit_of_work import RecordsTransaction

NO_TIME = 0


class SourceScript(NamedTuple):
    """A script of the source: its table and row, its saves in order, and the commands that point to them.

    `pointed` and `pointless` are commands by table: those that name a save of the script, and those that name none.
    """

    table: MappedTable
    row: ScriptRow
    saves: FullSaves
    pointed: Mapping[str, int]
    pointless: Mapping[str, int]


class ScriptSource:
    """The scripts of a source, one by one."""

    def __init__(self, context: BackfillContext) -> None:
        self._context = context
        self._rows = [ScriptRows(table, context.mapping, context.hash_key) for table in context.tables_for("scripts")]
        self._saves = [SaveTable(table, context.hash_key) for table in context.tables_for("versions")]
        self._commands = [CommandTable(table, context.hash_key) for table in context.tables_for("commands")]
        self._users = References(context, "users")
        self._has_users = bool(context.tables_for("users"))

    def read(self, name: str) -> SourceScript | None:
        """The script of an item; None if its row is gone."""
        source = self._context.source
        table_name, script = decode_name(name)
        rows = next((each for each in self._rows if each.table.name == table_name), None)
        row = None if rows is None else rows.read(source, script)
        if rows is None or row is None:
            return None
        writers = Writers()
        for command in self._commands:
            column = str(command.table.column("script_id"))
            command.read(source, row.id, fitting(command.table, column, row.id), writers)
        saves = [(each.table, save) for each in self._saves for save in each.rows(source, row.id, writers)]
        numbers = {save.origin.number for _, save in saves if save.origin.number is not None}
        listed = FullSaves(source, saves, None)
        last_at = next((save.at for _, save in reversed(saves) if save.at is not None), None)
        head = latest_save(row, listed, last_at)
        pointed = writers.merged(numbers)
        total = writers.all()
        return SourceScript(rows.table, row, FullSaves(source, saves, head), pointed, total - pointed)

    def script(self, tx: RecordsTransaction, found: SourceScript, script_id: int) -> LegacyScript | Problem:
        """The script as it is brought over; a problem if its owner has not come over."""
        row = found.row
        owner = row.new_owner
        if owner is None and row.owner is not None and self._has_users:
            owner = self._users.find(tx, [row.owner]).get(row_key([row.owner]))
            if owner is None:
                return Problem("L05", "The owner of the script did not come over.", found.table.column("user_id"))
        first = next((save.at for _, save in found.saves.rows if save.at is not None), None)
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


def item_of(table: str, script: Any) -> str:
    """The name of the item of a script: its table, and its id."""
    return msgspec.json.encode([table, script]).decode()


def decode_name(name: str) -> tuple[str, Any]:
    """Table and id of the script of an item."""
    table, script = msgspec.json.decode(name)
    return table, script
