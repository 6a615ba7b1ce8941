"""The record of a script's migration: every row of its tables is counted once, in the transaction that writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec

from backfill.checks.registry import CHECKS
from backfill.checks.saves import BAD_JSON
from backfill.domains.base import Counts, ItemWork
from backfill.domains.flat.references import RESERVED
from backfill.domains.flat.slices import decision_key, keep_repaired, quarantined
from backfill.domains.script_log.ambiguous_ids import SAME_ID
from backfill.domains.script_log.source import SourceScript
from backfill.scripts.changed_metadata import EDITED, OTHER_OWNER
from backfill.scripts.migrated_saves import MigratedSaves
from backfill.scripts.pending_saves import RefusedSave, WrittenSaves
from backfill.translate.source_rows import Problem
from domain.submissions.origin import MAX_TABLE
from repos.backfill.legacy_keys import NewKey
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.locked_scripts import LockedScript
from repos.unit_of_work import RecordsTransaction

# The ledger has later saves of the script already.
TOO_LATE = "later_saves_came_over"
# The database does not take a row.
REFUSED = "refused_by_database"
# The reason of a save whose script is set aside: what is decided about the script holds for it.
WITH_ITS_SCRIPT = "Its script is set aside."
BAD_JSON_CODES = frozenset(refusal.code for refusal in BAD_JSON)
# Codes of findings, whose sentences have no values.
OWN_REASONS = frozenset(CHECKS) | {TOO_LATE, REFUSED, EDITED.code, OTHER_OWNER.code}

Transaction = LockedScript | RecordsTransaction


class ScriptProgress(msgspec.Struct, array_like=True, frozen=True):
    """How many saves are done, whether the text of the script's own row was refused, and whether all is recorded."""

    place: int = 0
    head_refused: bool = False
    done: bool = False


class ItemRecorder:
    """Records the slices of one script through its item."""

    def __init__(self, work: ItemWork, found: SourceScript, script_id: int) -> None:
        self._work = work
        self._found = found
        self._script_id = script_id

    @cached_property
    def _keys(self) -> dict[tuple[str, str], int]:
        """The places of saves by table and key; made where they are needed, because there may be 100,000."""
        return {self._found.saves.row(place): place for place in range(len(self._found.saves.rows))}

    @property
    def progress(self) -> ScriptProgress:
        """What was recorded last."""
        checkpoint = self._work.checkpoint
        return msgspec.msgpack.decode(checkpoint, type=ScriptProgress) if checkpoint else ScriptProgress()

    def place(self, tx: LockedScript) -> int:
        """The number of saves that are done."""
        self._work.refresh(tx)
        return self.progress.place

    def record(self, tx: LockedScript, written: WrittenSaves) -> None:
        """Record a slice, and after the last one the script itself."""
        saved = self._rows_of((save.source_table, save.source_key) for save in written.saves)
        merged = self._rows_of((origin.table, origin.key) for origin in written.merged)
        self.write(tx, written.place, saved - merged, merged, written.refused, done=written.complete)

    def _rows_of(self, saves: Iterable[tuple[str, str]]) -> Counter[str]:
        """The rows of saves, by the table that their origins name."""
        if not self._found.saves.has_members:
            return Counter(table for table, _ in saves)
        rows: Counter[str] = Counter()
        for save in saves:
            place = self._keys.get(save)
            rows[save[0]] += 1 if place is None else self._found.saves.weight(place)
        return rows

    def write(  # noqa: PLR0913 - what a slice did
        self,
        tx: Transaction,
        place: int,
        migrated: Mapping[str, int],
        merged: Mapping[str, int],
        refused: Iterable[RefusedSave],
        *,
        done: bool,
    ) -> None:
        """Record saves by table; with `done`, the row of the script and the commands that point to its saves."""
        own = self._found.row.origin.table
        counts: dict[str, Counts] = {}
        aside: list[QuarantinedRow] = []
        head_refused = self.progress.head_refused
        tables = {table[:MAX_TABLE]: table for table in self._found.saves.tables if table != own}
        for table, rows in migrated.items():
            if table in tables:
                _add(counts, {tables[table]: Counts(migrated=rows)})
        for table, rows in merged.items():
            if table in tables:
                _add(counts, {tables[table]: Counts(merged=rows)})
        for save in refused:
            if (save.origin.table, save.origin.key) not in self._keys:
                head_refused = True
                row = self._found.row
                own_row = self._aside(self._found.table.name, row.key, save)
                aside.append(own_row._replace(decision_key=decision_key(row.key, row.finding)))
                continue
            for table, key in self._found.saves.source_rows(self._keys[save.origin.table, save.origin.key]):
                aside.append(self._aside(table, key, save))
                counts[table] = counts.get(table, Counts()) + Counts(quarantined=1)
        if done and not self.progress.done:
            _add(counts, _script_counts(self._found, head_refused=head_refused))
            self._keep_script(tx, head_refused=head_refused)
        progress = ScriptProgress(place, head_refused, done)
        self._work.record(tx, msgspec.msgpack.encode(progress), counts, aside, last=done)

    def _keep_script(self, tx: Transaction, *, head_refused: bool) -> None:
        row, table = self._found.row, self._found.table.name
        known = tx.legacy_keys.find(table, [row.key]).get(row.key)
        # A change that did not come over is one in the next run as well.
        if known is not None and (known.row_hash == row.hash or (head_refused and known.row_hash != RESERVED)):
            return
        if known is None:
            tx.legacy_keys.add(table, "scripts", [NewKey(row.key, self._script_id, row.hash)])
        else:
            tx.legacy_keys.change(table, row.key, row.hash)
        keep_repaired(tx, table, [(row.key, row.repaired)], self._work.context.clock())

    @staticmethod
    def _aside(table: str, key: str, save: RefusedSave) -> QuarantinedRow:
        code = save.refusal.code
        if code in OWN_REASONS:
            return QuarantinedRow(table, key, code, save.refusal.message)
        # L15: JSON that cannot be read. L29: what our own rules refuse.
        return QuarantinedRow(table, key, "L15" if code in BAD_JSON_CODES else "L29", f"The save is refused: {code}.")


def is_row_changed(tx: Transaction, found: SourceScript) -> bool:
    """Whether the row of a script that came over is another one than it was then."""
    known = tx.legacy_keys.find(found.table.name, [found.row.key]).get(found.row.key)
    return known is not None and known.row_hash not in (found.row.hash, RESERVED)


def set_script_aside(work: ItemWork, found: SourceScript, problem: Problem | None) -> None:
    """Quarantine a script with its saves; without a problem the mapping leaves it out."""
    context, tables = work.context, found.saves.tables
    counts = {table: Counts(skipped=rows) for table, rows in tables.items()}
    aside: list[QuarantinedRow] = []
    own = Counts(skipped=1)
    # The row of a branch is that of its script; rows that share an id have an item of their own.
    has_row = not found.is_branch and (problem is None or problem.reason != SAME_ID)
    if problem is not None:
        counts = {table: Counts(quarantined=rows) for table, rows in tables.items()}
        own = Counts(quarantined=1)
        if has_row:
            row = quarantined(context, found.table, found.row.key, problem)
            aside.append(row._replace(decision_key=decision_key(found.row.key, found.row.finding)))
        aside += (
            QuarantinedRow(*row, problem.code, WITH_ITS_SCRIPT)
            for place in range(len(found.saves.rows))
            for row in found.saves.source_rows(place)
        )
    commands = Counter(found.pointed) + Counter(found.pointless) + found.saves.deleted
    _add(counts, {table: Counts(skipped=rows) for table, rows in commands.items()})
    if has_row:
        _add(counts, {found.table.name: own})
    with context.unit_of_work.records() as tx:
        work.record(tx, msgspec.msgpack.encode(ScriptProgress(len(found.saves))), counts, aside, last=True)
    work.committed()


def record_known(
    work: ItemWork, recorder: ItemRecorder, known: MigratedSaves, late: Iterable[RefusedSave], *, done: bool
) -> None:
    """Record what an earlier run brought over; `late` are the saves that it left out."""
    with work.context.unit_of_work.records() as tx:
        recorder.write(tx, known.place, known.migrated, known.merged, late, done=done)
    work.committed()


def _script_counts(found: SourceScript, *, head_refused: bool) -> dict[str, Counts]:
    """The row of the script, deleted lines, and the commands: one that names a save is a part of its origin."""
    counts = {table: Counts(merged=rows) for table, rows in found.pointed.items()}
    for left_out in (found.pointless, found.saves.deleted):
        _add(counts, {table: Counts(skipped=rows) for table, rows in left_out.items()})
    if not found.is_branch:  # its script is counted already
        _add(counts, {found.table.name: Counts(quarantined=1) if head_refused else Counts(migrated=1)})
    return counts


def _add(counts: dict[str, Counts], more: Mapping[str, Counts]) -> None:
    for table, count in more.items():
        counts[table] = counts.get(table, Counts()) + count
