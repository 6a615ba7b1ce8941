"""The saves of one script that its log does not have yet, as submissions of the backfill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from backfill.content.recognise import decode
from backfill.scripts.legacy_script import (
    LegacySave,
    LegacyScript,
    ScriptEdited,
    SourceChanged,
    is_row,
    submission_id,
)
from backfill.translate.script_commands import matched, save_commands
from backfill.translate.script_lines import LineTranslator, with_new_ids
from domain.commands.base import Command
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive, ScriptUnarchive
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin
from domain.submissions.submission import Cause, Submission, decode_cause
from materialization.write_path.backfill_slice import UNCHANGED, Slice, Unchanged
from repos.locked_scripts import LockedScript
from repos.unit_of_work import RecordsTransaction

# Versions whose authorship is read at a time.
AUTHORSHIP_PAGE = 200


class RefusedSave(NamedTuple):
    """A save that was not accepted, and why; it and those after it are not written."""

    origin: Origin
    refusal: Refusal


class _LastSave(NamedTuple):
    """The legacy row of the last version that a save made, if any, and whether the script was edited here since."""

    origin: Origin | None
    edited: bool


class PendingSaves:
    """The saves of one script that are not in its log yet, each as a submission."""

    def __init__(self, script: LegacyScript, saves: Callable[[], Iterable[LegacySave]]) -> None:
        # Saves of the last slice that equalled the one before.
        self.merged = 0
        self.refused: RefusedSave | None = None
        self._script = script
        self._saves = saves
        # The version after the last slice, if it was committed.
        self._version: int | None = None
        # The first save of all, until it is written.
        self._first: LegacySave | None = None

    def none_left(self, tx: RecordsTransaction) -> bool:
        """Whether the script was migrated whole and is open.

        Raises:
            SourceChanged, ScriptEdited: it was migrated, and what is left cannot follow.
        """
        head = tx.heads.get(self._script.script_id)
        if head is None or not head.version or head.health != "open":
            return False
        last = self._last_save(tx, head.version)
        self._start_after(last.origin)
        if next(self._left, None) is None:
            row = tx.scripts.get(self._script.script_id)
            return last.edited or (row is not None and bool(row.archived) == (self._script.archived_at is not None))
        if last.edited:
            raise self._edited()
        return False

    def begin(self, tx: LockedScript, state: State, now: int) -> None:
        self.merged = 0
        self.refused = None
        self._now = now
        # Another attempt at a transaction starts from the log; only after a commit is the next save the right one.
        committed, self._version = self._version, None
        if state.exists and state.version == committed:
            return
        self._translator = LineTranslator()
        self._lines = tuple(state.lines())
        self._time = tx.head.updated_at
        last = self._last_save(tx, tx.head.version)
        self._start_after(last.origin)
        if last.edited:
            raise self._edited()

    def next(self, state: State) -> Submission | Unchanged | None:
        try:
            return self._next(state)
        except Rejected as refusal:
            # The content cannot be decoded; the slice ends before it.
            self.refused = RefusedSave(self._current, Refusal.of(refusal))
            return None

    def record(self, tx: LockedScript, written: Slice) -> None:
        last = written.answers[-1].last_version if written.answers else None
        self._version = last or tx.head.version
        if written.refusal is not None:
            self.refused = RefusedSave(self._current, written.refusal)

    def _next(self, state: State) -> Submission | Unchanged | None:
        if not state.exists and self._first is not None and self._script.created_at < self._first.saved_at:
            return self._created_empty(state)
        save = self._first or next(self._left, None)
        self._first = None
        if save is None:
            return self._last_submission(state)
        self._place += 1
        self._current = save.origin
        lines = self._identified(save)
        commands: tuple[Command, ...] = (self._create(lines),)
        if state.exists:
            commands = save_commands(state, self._lines, lines)
        self._lines = lines
        if not commands:
            self.merged += 1
            return UNCHANGED
        if state.archived:
            commands = (ScriptUnarchive(), *commands)
        return self._submission(state, save.origin, save.saved_at, commands)

    def _created_empty(self, state: State) -> Submission:
        self._current = self._script.origin
        return self._submission(state, self._current, self._script.created_at, (self._create(()),))

    def _last_submission(self, state: State) -> Submission | None:
        script = self._script
        self._current = script.origin
        if not state.exists:
            return self._created_empty(state)
        if script.archived_at is not None and not state.archived:
            name = f"legacy.archive.{state.version}"
            return self._submission(state, script.origin, script.archived_at, (ScriptArchive(),), name)
        if script.archived_at is None and state.archived:
            name = f"legacy.unarchive.{state.version}"
            return self._submission(state, script.origin, self._time, (ScriptUnarchive(),), name)
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
        self._time = max(self._time, min(moment, self._now))
        return Submission(
            script_id=self._script.script_id,
            submission_id=name or submission_id(origin),
            author="backfill",
            base_version=state.version,
            commands=commands,
            cause=Cause(origin=origin),
            occurred_at=self._time,
        )

    def _start_after(self, last: Origin | None) -> None:
        """Go to the save after the one of the last version."""
        self._left: Iterator[LegacySave] = iter(self._saves())
        self._place = 0
        self._current = self._script.origin
        self._first = None
        if last is None:
            self._first = next(self._left, None)
            return
        for save in self._left:
            self._place += 1
            if is_row(save.origin, last):
                return
        raise SourceChanged(f"the log of script {self._script.script_id} ends with a row that the source does not have")

    def _last_save(self, tx: LockedScript | RecordsTransaction, version: int) -> _LastSave:
        edited = False
        while version > 0:
            first = max(1, version - AUTHORSHIP_PAGE + 1)
            page = tx.commands.authorships(self._script.script_id, range(first, version + 1))
            for number in range(version, first - 1, -1):
                origin = decode_cause(page[number].cause).origin
                if origin is None:
                    edited = True
                elif not is_row(origin, self._script.origin):
                    return _LastSave(origin, edited)
            version = first - 1
        return _LastSave(None, edited)

    def _edited(self) -> ScriptEdited:
        return ScriptEdited(f"script {self._script.script_id} was edited after it was migrated")
