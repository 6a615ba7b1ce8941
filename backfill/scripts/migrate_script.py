"""Migration of one script: its legacy saves become commands that replay to each of them.

A save that cannot be read, or that the ledger refuses, is set aside, and those after it come over. The saves that were
written are in `legacy_versions`, by table and key, so a second run writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backfill.scripts.legacy_script import (
    LegacyScript,
    ListedTimes,
    SaveSource,
    ScriptEdited,
    ScriptTaken,
    SourceChanged,
)
from backfill.scripts.migrated_saves import MigratedSaves, first_edit, migrated_saves
from backfill.scripts.pending_saves import PendingSaves, RefusedSave, ScriptRefused, WrittenSaves
from materialization.clock import system_clock
from materialization.submissions.backfill_mode import end_backfill
from materialization.write_path.backfill_slice import SLICE_SECONDS, BackfillLedger
from repos.locked_scripts import LockedScript
from repos.log.scripts import ScriptRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork

# The script takes edits again, and its item has failed.
FINAL = (SourceChanged, ScriptEdited, ScriptTaken, ScriptRefused)


class MigratedScript(NamedTuple):
    """How many submissions a run wrote, with how many versions; how many saves equalled the one before; and refusals.

    A submission brings a save, creates a script without lines, or archives or unarchives the script.
    """

    submissions: int
    versions: int
    merged: int
    refused: tuple[RefusedSave, ...] = ()


class WrittenSlice(NamedTuple):
    """How many submissions and versions a slice wrote, and whether saves are left."""

    submissions: int
    versions: int
    more: bool


class ScriptMigration:
    """Migrates scripts, one at a time, each in slices of a bounded size and duration."""

    def __init__(self, unit_of_work: UnitOfWork, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = BackfillLedger(unit_of_work, clock=clock)

    def run(self, script: LegacyScript, saves: SaveSource) -> MigratedScript:
        """Write the saves that are not written yet.

        Raises:
            Conflict: every attempt met one; run again.
            Corrupt: the script is quarantined.
            SourceChanged: the last migrated save is no longer in the source; nothing is written.
            ScriptEdited: the source has new saves, but the script was edited here; nothing is written.
            ScriptTaken: the ledger has another script under this id; nothing is written.
        """
        with self._unit_of_work.reading() as tx:
            known = migrated_saves(tx, script, saves)
            if is_migrated(tx, script, saves, known):
                return MigratedScript(0, 0, 0)
        recorder = _InMemory(known.place)
        pending = PendingSaves(script, saves, recorder)
        submissions, versions = 0, 0
        more = True
        while more:
            written = self.write(script.script_id, pending)
            recorder.committed()
            submissions, versions, more = submissions + written.submissions, versions + written.versions, written.more
        return MigratedScript(submissions, versions, recorder.merged, tuple(recorder.refused))

    def write(self, script_id: int, pending: PendingSaves, seconds: float = SLICE_SECONDS) -> WrittenSlice:
        """Write one slice; after the last one, or an error that is final, the script takes edits again."""
        try:
            written = self._ledger.write(script_id, pending, seconds, hold=True)
        except FINAL:
            end_backfill(self._unit_of_work, script_id)
            raise
        versions = sum((answer.last_version or 0) - (answer.first_version or 1) + 1 for answer in written.answers)
        return WrittenSlice(len(written.answers), versions, written.more)


def is_migrated(
    tx: RecordsTransaction, script: LegacyScript, saves: SaveSource, known: MigratedSaves, *, changed: bool = False
) -> bool:
    """Whether nothing of a script is left to write; `changed` says that its row is another one than the last time.

    Raises:
        ScriptEdited, ScriptTaken: something is, and it cannot follow.
    """
    head = tx.heads.get(script.script_id)
    if head is None or not head.version:
        return False
    edited = bool(first_edit(tx, script, head.version))
    if known.place < len(saves):
        if edited:
            raise ScriptEdited(f"script {script.script_id} was edited after it was migrated")
        return False
    row = tx.scripts.get(script.script_id)
    return head.health == "open" and (edited or (not changed and row is not None and _is_listed(row, script)))


def _is_listed(row: ScriptRow, script: LegacyScript) -> bool:
    """Whether a list shows the script as the application does; it may change there after the last save."""
    listed = script.listed or ListedTimes(None, None)
    times = (listed.created_at in (None, row.created_at), listed.updated_at in (None, row.updated_at))
    return all(times) and bool(row.archived) == (script.archived_at is not None)


class _InMemory:
    """The record of a run that is not kept."""

    def __init__(self, place: int) -> None:
        self.merged = 0
        self.refused: list[RefusedSave] = []
        self._place = place

    def place(self, tx: LockedScript) -> int:  # noqa: ARG002 - nothing is in the database
        return self._place

    def record(self, tx: LockedScript, written: WrittenSaves) -> None:  # noqa: ARG002 - nothing is in the database
        self._written = written

    def committed(self) -> None:
        """Take over the record of the last slice."""
        self._place = self._written.place
        self.merged += len(self._written.merged)
        self.refused += self._written.refused
