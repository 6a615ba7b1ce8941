"""Migration of one script: its legacy saves become commands that replay to each of them.

The log is the checkpoint: each command names its legacy row in `cause.origin`, so a run that was interrupted continues
after the row of the last version, and a second run writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from msgspec import Struct

from backfill.content.recognise import decode
from backfill.translate.script_commands import matched, save_commands
from backfill.translate.script_lines import LineTranslator, with_new_ids
from domain.commands.base import Command
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import LedgerError, Rejected
from domain.script.line import Line
from domain.script.state import State, Value
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin
from domain.submissions.submission import Cause, Submission, decode_cause
from materialization.clock import system_clock
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from materialization.write_path.backfill_slice import BackfillLedger, Slice
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork


class LegacySave(Struct, frozen=True):
    """One saved version: its row, its content as stored, and when it was saved, in microseconds since 1970 UTC.

    `shape` names the content shape if it must not be recognised by the content.
    """

    origin: Origin
    content: bytes
    saved_at: int
    shape: str | None = None


class LegacyScript(Struct, frozen=True, kw_only=True):
    """One script as the legacy application lists it.

    `origin` is its row, `owner` a user id of ours, `metadata` further fields. A script without saves has no lines.
    """

    script_id: int
    origin: Origin
    title: str
    owner: int | None = None
    metadata: dict[str, Value] = {}
    created_at: int
    archived_at: int | None = None


class SourceChanged(LedgerError):
    """A row that was migrated is no longer in the source."""


class RefusedSave(NamedTuple):
    """A save that was not accepted, and why; it and those after it are not written."""

    origin: Origin
    refusal: Refusal


class MigratedScript(NamedTuple):
    """How many submissions a run wrote, with how many versions; how many saves equalled the one before; and a refusal.

    A submission brings a save, creates a script without saves, or archives the script.
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
        self._clock = clock

    def run(self, script: LegacyScript, saves: Callable[[], Iterable[LegacySave]]) -> MigratedScript:
        """Write the saves that are not written yet; `saves` reads all of them from the first, in order.

        If one is refused, the script stays in backfill mode: repair it, and run again.

        Raises:
            Conflict: every attempt met one; run again.
            Corrupt: the script is quarantined.
            SourceChanged: the log ends with a row that is not among the saves.
        """
        begin_backfill(self._unit_of_work, script.script_id)
        pending = _PendingSaves(script, saves, self._clock)
        brought, versions, merged = 0, 0, 0
        more = True
        while more and pending.refused is None:
            written = self._ledger.write(script.script_id, pending)
            brought += len(written.answers)
            versions += sum((answer.last_version or 0) - (answer.first_version or 1) + 1 for answer in written.answers)
            merged += pending.merged
            more = written.more
        if pending.refused is None:
            end_backfill(self._unit_of_work, script.script_id)
        return MigratedScript(brought, versions, merged, pending.refused)


class _PendingSaves:
    """The saves of one script that are not in its log yet, each as a submission."""

    def __init__(
        self, script: LegacyScript, saves: Callable[[], Iterable[LegacySave]], clock: Callable[[], int]
    ) -> None:
        # Saves of the last slice that equalled the one before.
        self.merged = 0
        self.refused: RefusedSave | None = None
        self._script = script
        self._saves = saves
        self._clock = clock
        # The version after the last slice, which another attempt at it has not.
        self._version: int | None = None

    def begin(self, tx: LockedScript, state: State) -> None:
        self.merged = 0
        self.refused = None
        if state.exists and state.version == self._version:
            return  # The slice before this one was committed, and the next save is at hand.
        self._left: Iterator[LegacySave] = iter(self._saves())
        self._translator = LineTranslator()
        self._lines = tuple(state.lines())
        self._time = tx.head.updated_at
        self._current: Origin | None = None
        self._place = 0
        if state.exists:
            self._skip_to(self._last_origin(tx))

    def next(self, state: State) -> Submission | None:
        try:
            return self._next(state)
        except Rejected as refusal:
            # The content cannot be decoded; the slice ends before it.
            assert self._current is not None  # noqa: S101 - for the type checker
            self.refused = RefusedSave(self._current, Refusal.of(refusal))
            return None

    def record(self, tx: LockedScript, written: Slice) -> None:  # noqa: ARG002 - the log is the record
        if written.answers:
            self._version = written.answers[-1].last_version
        if written.refusal is not None and self._current is not None:
            self.refused = RefusedSave(self._current, written.refusal)

    def _next(self, state: State) -> Submission | None:
        for save in self._left:
            self._place += 1
            self._current = save.origin
            lines = self._identified(save)
            if not state.exists:
                commands: tuple[Command, ...] = (self._create(lines),)
            else:
                commands = save_commands(state, self._lines, lines)
            self._lines = lines
            if commands:
                return self._submission(state, save.origin, save.saved_at, commands)
            self.merged += 1
        return self._last_submission(state)

    def _last_submission(self, state: State) -> Submission | None:
        origin = self._current = self._script.origin
        if not state.exists:
            return self._submission(state, origin, self._script.created_at, (self._create(()),))
        if self._script.archived_at is not None and not state.archived:
            return self._submission(state, origin, self._script.archived_at, (ScriptArchive(),), _ARCHIVE)
        return None

    def _identified(self, save: LegacySave) -> tuple[Line, ...]:
        lines = self._translator.lines(decode(save.content, save.shape))
        with_ids = [line for line in lines if line.id]
        if len(with_ids) == len(lines):
            return lines
        new = with_new_ids(lines, f"s{self._place}")
        return new if with_ids else matched(self._lines, new)

    def _create(self, lines: tuple[Line, ...]) -> ScriptCreate:
        script = self._script
        return ScriptCreate(title=script.title, owner=script.owner, metadata=script.metadata, lines=lines)

    def _submission(
        self, state: State, origin: Origin, moment: int, commands: tuple[Command, ...], name: str | None = None
    ) -> Submission:
        # Times of a script never go back, and none is in the future.
        self._time = max(self._time, min(moment, self._clock()))
        return Submission(
            script_id=self._script.script_id,
            submission_id=name or submission_id(origin),
            author="backfill",
            base_version=state.version,
            commands=commands,
            cause=Cause(origin=origin),
            occurred_at=self._time,
        )

    def _skip_to(self, last: Origin | None) -> None:
        """Skip the saves up to the one of the last version, whose lines are those of the state."""
        if last is None:
            return
        for save in self._left:
            self._place += 1
            if save.origin == last:
                return
        raise SourceChanged(f"the log of script {self._script.script_id} ends with a row that the source does not have")

    def _last_origin(self, tx: LockedScript) -> Origin | None:
        """The row of the last version that a save made; None if none did."""
        for version in range(tx.head.version, 0, -1):
            found = tx.commands.authorship(tx.script_id, version)
            origin = None if found is None else decode_cause(found.cause).origin
            if origin != self._script.origin:
                return origin
        return None


_ARCHIVE = "legacy.archive"


def submission_id(origin: Origin) -> str:
    """The id of the submission that brings a legacy row: the same in every run."""
    row = "\0".join((origin.table, origin.key, "" if origin.number is None else str(origin.number)))
    return f"legacy.{sha256(row.encode()).hexdigest()[:40]}"
