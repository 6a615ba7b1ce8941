"""One legacy script, read from all tables that have something of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from backfill.checks.mapped_table import MappedTable
from backfill.domains.base import BackfillContext
from backfill.domains.flat.references import References
from backfill.scripts.histories.history_form import FormOptions
from backfill.scripts.histories.row_per_save import fitting
from backfill.scripts.history_forms import form_of
from backfill.scripts.legacy_script import LegacyScript, ListedTimes
from backfill.scripts.script_rows import ScriptRow, ScriptRows
from backfill.scripts.script_saves import ScriptSaves, TableSaves
from backfill.scripts.written_by import CommandTable, Writers
from backfill.translate.row_keys import key_digest, row_key
from backfill.translate.source_rows import Problem
from domain.submissions.origin import MAX_TABLE
from repos.legacy.connection import Source
from repos.legacy.rows import read_pages
from repos.unit_of_work import RecordsTransaction

NO_TIME = 0
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


class ScriptSource:
    """The scripts of a source, one by one."""

    def __init__(self, context: BackfillContext) -> None:
        self.context = context
        self._rows = [ScriptRows(table, context.mapping, context.hash_key) for table in context.tables_for("scripts")]
        self._forms = [
            form_of(FormOptions(table, context.hash_key, context.tables_for("contents")))
            for table in context.tables_for("versions", "lines")
        ]
        self._commands = [CommandTable(table, context.hash_key) for table in context.tables_for("commands")]
        self._users = References(context, "users")
        self._has_users = bool(context.tables_for("users"))

    def read(self, name: str) -> SourceScript | None:
        """The script of an item; None if its row is gone."""
        source = self.context.source
        named = [
            each
            for each in self._rows
            if name.startswith((f"{_start(each.table.name)}[", f"{_start(each.table.name)}#"))
        ]
        rows = max(named, key=lambda each: len(each.table.name), default=None)
        if rows is None:
            return None
        script = _script_of(source, rows.table, name)
        row = None if script is None else rows.read(source, script)
        if row is None:
            return None
        writers = Writers()
        for command in self._commands:
            column = str(command.table.column("script_id"))
            command.read(source, row.id, fitting(command.table, column, row.id), writers)
        parts = [TableSaves(form, form.rows(source, row.id, writers)) for form in self._forms]
        saves = ScriptSaves(source, parts, row, with_head=True)
        pointed = writers.merged({save.origin.number for save in saves.rows if save.origin.number is not None})
        return SourceScript(rows.table, row, saves, pointed, writers.all() - pointed)

    def script(self, tx: RecordsTransaction, found: SourceScript, script_id: int) -> LegacyScript | Problem:
        """The script as it is brought over; a problem if its owner has not come over."""
        row = found.row
        owner = row.new_owner
        if owner is None and row.owner is not None and self._has_users:
            owner = self._users.find(tx, [row.owner]).get(row_key([row.owner]))
            if owner is None:
                return Problem("L05", "The owner of the script did not come over.", found.table.column("user_id"))
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


def item_of(table: str, script: Any) -> str:
    """The name of the item of a script: its table, and its id, or the hash of a long one."""
    name = f"{_start(table)}{row_key([script])}"
    return name if len(name) <= MAX_ITEM_NAME else f"{_start(table)}#{key_digest(row_key([script])).hex()}"


def _start(table: str) -> str:
    """The beginning of the names of a table's items."""
    return f"{table if len(table) <= MAX_TABLE else key_digest(table).hex()} "


def _script_of(source: Source, table: MappedTable, name: str) -> Any:
    """The id of the script of an item, as the source has it; None if it is gone."""
    column = str(table.column("id"))
    key = name.removeprefix(_start(table.name))
    if not key.startswith("#"):
        [value] = json.loads(key)
        if isinstance(value, dict) and "hex" in value and table.described(column).kind == "bytes":
            return bytes.fromhex(value["hex"])
        if isinstance(value, str) or (isinstance(value, int) and table.described(column).kind == "integer"):
            return value
    # A key that JSON does not have as it is, or too long for a name: looked for among all.
    ids = (row.values[0] for page in read_pages(source, table.table, [column]) for row in page)
    return next((script for script in ids if item_of(table.name, script) == name), None)
