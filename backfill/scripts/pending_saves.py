"""The saves of one script that its log does not have yet, as submissions of the backfill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from backfill.content.window import Window, difference
from backfill.scripts.changed_metadata import changed_metadata
from backfill.scripts.kept_content import kept_raw
from backfill.scripts.legacy_script import (
    LegacySave,
    LegacyScript,
    ListedTimes,
    SaveSource,
    ScriptEdited,
    is_own_text,
    submission_id,
)
from backfill.scripts.migrated_saves import first_edit
from backfill.scripts.successive_saves import SaveText, SuccessiveSaves
from backfill.translate.script_commands import matched, save_commands
from backfill.translate.script_lines import with_new_ids
from domain.commands.base import Command
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive, ScriptUnarchive
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.errors import LedgerError, Rejected
from domain.script.line import Line
from domain.script.state import State, Value
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin
from domain.submissions.submission import Cause, Submission
from materialization.write_path.backfill_slice import UNCHANGED, Slice, Unchanged
from repos.backfill.legacy_versions import LegacyVersion
from repos.locked_scripts import LockedScript


class ScriptRefused(LedgerError):
    """The ledger refuses the script itself, not one of its saves."""


class RefusedSave(NamedTuple):
    """A save that was not accepted, and why; it is not written, and the saves after it are."""

    origin: Origin
    refusal: Refusal


class WrittenSaves(NamedTuple):
    """What a slice did: the place it reached, its saves, the origins of those that equal the one before, and those
    that were refused. `complete` says that none is left."""

    place: int
    saves: list[LegacyVersion]
    merged: list[Origin]
    refused: list[RefusedSave]
    complete: bool


class SaveRecorder(Protocol):
    """Records slices in the transactions that write them."""

    def place(self, tx: LockedScript) -> int:
        """The place that was recorded last: the number of saves that are done."""

    def record(self, tx: LockedScript, written: WrittenSaves) -> None:
        """Record a slice; it is committed with it, or not at all."""


class PendingSaves:
    """The saves of one script that are not in its log yet, each as a submission.

    A save that is refused is left out, because a later one may need nothing of it: each save holds the whole text.
    `row_changed` says that the row of the script is another one than when it came over.
    """

    def __init__(
        self, script: LegacyScript, saves: SaveSource, recorder: SaveRecorder, *, row_changed: bool = False
    ) -> None:
        self._script = script
        self._row_changed = row_changed
        self._saves = saves
        self._recorder = recorder
        # The version and the place after the last slice, if it was committed.
        self._committed: tuple[int, int] | None = None

    @property
    def _own(self) -> tuple[str, str] | None:
        """Table and key of the script's own row, if its text is the last save."""
        row = self._saves.row(len(self._saves) - 1) if len(self._saves) else None
        return row if row is not None and is_own_text(self._script, row) else None

    @property
    def weight(self) -> int:
        """The bytes that `record` will write."""
        return self._weight

    def begin(self, tx: LockedScript, state: State, now: int) -> None:
        self._now = now
        self._written: list[LegacyVersion] = []
        self._merged: list[Origin] = []
        self._refused: list[RefusedSave] = []
        self._weight = 0
        self._current: tuple[Origin, int] | None = None
        place = self._recorder.place(tx)
        # Another attempt at a transaction starts from what is committed; only after a commit is the next save the right
        # one.
        committed, self._committed = self._committed, None
        if committed == (state.version, place) and state.exists:
            return
        self._is_edited = bool(first_edit(tx, self._script, tx.head.version))
        if self._is_edited and (place < len(self._saves) or self._row_changed):
            raise ScriptEdited(f"script {self._script.script_id} was edited after it was migrated")
        own = self._own
        # A text that was in the script's own row before the one that is there now.
        self._overwritten = tx.legacy_versions.of_row(self._script.script_id, *own) if state.exists and own else None
        self._texts = SuccessiveSaves()
        self._lines = tuple(state.lines())
        self._is_written_whole = False
        self._time = tx.head.updated_at
        self._place = place
        self._left: Iterator[LegacySave] = self._saves.read(place)
        self._ahead: LegacySave | None = None

    def next(self, state: State) -> Submission | Unchanged | None:
        self._take(state.version)
        # Not read ahead: one save may be of 16 MiB.
        while (save := self._ahead or next(self._left, None)) is not None:
            if not state.exists and self._begins_empty(save):
                self._ahead = save
                return self._created_empty(state)
            self._ahead = None
            self._place += 1
            if (refusal := save.refusal) is None:
                try:
                    return self._submission_of(state, save)
                except Rejected as rejected:
                    refusal = Refusal.of(rejected)
                    self._texts = SuccessiveSaves()
            self._refused.append(RefusedSave(save.origin, refusal))
        return self._last_submission(state)

    def accepted(self, state: State) -> None:
        if self._is_written_whole:
            self._lines, self._is_written_whole = tuple(state.lines()), False
        self._before = self._lines

    def record(self, tx: LockedScript, written: Slice) -> None:
        version = max((answer.last_version or 0 for answer in written.answers), default=0) or tx.head.version
        if written.refusal is None:
            self._take(version)
        elif self._current is None:
            raise ScriptRefused(f"script {self._script.script_id} is refused: {written.refusal.code}")
        else:
            self._refused.append(RefusedSave(self._current[0], written.refusal))
            self._is_written_whole = False
            self._lines, self._texts = self._before, SuccessiveSaves()
        script = self._script
        if self._overwritten is not None and any(is_own_text(script, save[:2]) for save in self._written):
            tx.legacy_versions.remove(script.script_id, script.origin.table, script.origin.key)
        tx.legacy_versions.add(script.script_id, self._written)
        if not written.more:
            listed = script.listed or ListedTimes(None, None)
            updated_at = self._time if listed.updated_at is None else listed.updated_at
            tx.scripts.list_as(script.script_id, version, listed.created_at, updated_at)
        outcome = WrittenSaves(self._place, self._written, self._merged, self._refused, not written.more)
        self._recorder.record(tx, outcome)
        self._committed = version, self._place

    def _take(self, version: int) -> None:
        """Note the version after the current save."""
        taken, self._current = self._current, None
        if taken is None:
            return
        origin, saved_at = taken
        before = self._overwritten
        if before is not None and before[:2] == (origin.table, origin.key) and before.version_number == version:
            saved_at = before.saved_at  # only its bytes are other ones
        self._written.append(LegacyVersion(origin.table, origin.key, origin.number, version, saved_at, self._raw))
        self._weight += len(self._raw or b"")

    def _submission_of(self, state: State, save: LegacySave) -> Submission | Unchanged:
        text = self._texts.read(save.content, save.shape)
        lines, changed = self._identified(text, state)
        commands: tuple[Command, ...] = (self._create(lines),)
        if state.exists:
            old, changed = self._lines, difference(self._lines, lines, changed)
            # Equal lines are kept once.
            lines = (*old[: changed.start], *lines[changed.start : changed.new_end], *old[changed.old_end :])
            commands = save_commands(state, old, lines, changed)
        self._before, self._lines = self._lines, lines
        self._current = save.origin, save.saved_at
        self._raw = None if text.whole else kept_raw(save.content)
        self._is_written_whole = bool(commands) and (
            not self._before or isinstance(commands[-1], ScriptCreate | ScriptReplace)
        )
        if self._is_written_whole:
            # They follow from the state once it is accepted: one copy is enough while they are written.
            self._lines = ()
        if not commands:
            self._merged.append(save.origin)
            return UNCHANGED
        if state.archived:
            commands = (ScriptUnarchive(), *commands)
        again = self._overwritten is not None and is_own_text(self._script, (save.origin.table, save.origin.key))
        name = f"legacy.text.{state.version}" if again else None
        return self._submission(state, save.origin, save.saved_at, commands, name)

    def _begins_empty(self, save: LegacySave) -> bool:
        """Whether the script was there before its first save; where only the last text is left, it is the first."""
        return save.origin.table != self._script.origin.table and self._script.created_at < save.saved_at

    def _created_empty(self, state: State) -> Submission:
        return self._submission(
            state, self._script.origin, self._script.created_at, (self._create(()),), "legacy.create"
        )

    def _last_submission(self, state: State) -> Submission | None:
        script = self._script
        if not state.exists:
            return self._created_empty(state)
        if self._is_edited:
            return None
        if fields := changed_metadata(state.metadata, script):
            return self._changed_metadata(state, fields)
        if script.archived_at is not None and not state.archived:
            name = f"legacy.archive.{state.version}"
            return self._submission(state, script.origin, script.archived_at, (ScriptArchive(),), name)
        if script.archived_at is None and state.archived:
            name = f"legacy.unarchive.{state.version}"
            return self._submission(state, script.origin, self._time, (ScriptUnarchive(),), name)
        return None

    def _changed_metadata(self, state: State, fields: dict[str, Value | None]) -> Submission:
        """The title, the status and other fields as the source has them now."""
        script = self._script
        expect = {name: state.metadata.get(name) for name in fields}
        commands: tuple[Command, ...] = (ScriptSetMetadata(fields=fields, expect=expect),)
        if state.archived:
            commands = (ScriptUnarchive(), *commands)
        moment = script.listed.updated_at if script.listed is not None else None
        name = f"legacy.metadata.{state.version}"
        return self._submission(state, script.origin, self._time if moment is None else moment, commands, name)

    def _identified(self, text: SaveText, state: State) -> tuple[tuple[Line, ...], Window | None]:
        """The lines with their ids, and where they differ from those before, if that is known."""
        if not text.unnamed:
            return text.lines, text.changed
        # Named after the version, which no other save has.
        prefix = f"s{state.version + 1}"
        if text.unnamed < len(text.lines):
            return with_new_ids(text.lines, prefix), None
        return matched(self._lines, text.lines, prefix, text.changed)

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
