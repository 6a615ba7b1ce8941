"""Migration of one script: its legacy saves become commands that replay to each of them.

The log is the checkpoint: each command names its legacy row in `cause.origin`, so a run that was interrupted continues
after the row of the last version, and a second run writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from backfill.scripts.legacy_script import LegacySave, LegacyScript, ScriptEdited, SourceChanged
from backfill.scripts.pending_saves import PendingSaves, RefusedSave
from materialization.clock import system_clock
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from materialization.write_path.backfill_slice import BackfillLedger
from repos.unit_of_work import UnitOfWork


class MigratedScript(NamedTuple):
    """How many submissions a run wrote, with how many versions; how many saves equalled the one before; and a refusal.

    A submission brings a save, creates a script without lines, or archives or unarchives the script.
    """

    submissions: int
    versions: int
    merged: int
    refused: RefusedSave | None


class ScriptMigration:
    """Migrates scripts, one at a time, each in slices of a bounded size and duration."""

    def __init__(self, unit_of_work: UnitOfWork, *, clock: Callable[[], int] = system_clock) -> None:
        self._unit_of_work = unit_of_work
        self._ledger = BackfillLedger(unit_of_work, clock=clock)

    def run(self, script: LegacyScript, saves: Callable[[], Iterable[LegacySave]]) -> MigratedScript:
        """Write the saves that are not written yet; `saves` reads all of them from the first, in order.

        If one is refused, the script stays in backfill mode: repair it, and run again.

        Raises:
            Conflict: every attempt met one; run again.
            Corrupt: the script is quarantined.
            SourceChanged: the log ends with a row that is not among the saves; nothing is written.
            ScriptEdited: the source has new saves, but the script was edited here; nothing is written.
        """
        pending = PendingSaves(script, saves)
        with self._unit_of_work.reading() as tx:
            if pending.none_left(tx):
                return MigratedScript(0, 0, 0, None)
        begin_backfill(self._unit_of_work, script.script_id)
        brought, versions, merged = 0, 0, 0
        more = True
        try:
            while more and pending.refused is None:
                written = self._ledger.write(script.script_id, pending)
                brought += len(written.answers)
                versions += sum(
                    (answer.last_version or 0) - (answer.first_version or 1) + 1 for answer in written.answers
                )
                merged += pending.merged
                more = written.more
        except (SourceChanged, ScriptEdited):
            # An edit or a change of the source between the look at it and the lock.
            end_backfill(self._unit_of_work, script.script_id)
            raise
        if pending.refused is None:
            end_backfill(self._unit_of_work, script.script_id)
        return MigratedScript(brought, versions, merged, pending.refused)
