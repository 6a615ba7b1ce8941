"""Fold of commands into versions. Pure and deterministic: the same log always gives the same versions."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands.base import Command
from domain.errors import Corrupt, Rejected
from domain.log.entry import LogEntry
from domain.log.version import VersionRow
from domain.refusals import (
    BaseInFuture,
    ScriptArchived,
    StaleBase,
    UnknownScript,
)
from domain.script.delta import Delta, encode_delta
from domain.script.hashing import state_hash_bytes
from domain.script.state import State
from domain.script.state_builder import StateBuilder
from domain.script.work_limit import WorkCount
from domain.submissions.submission import Submission, decode_command


def refuse_frame(submission: Submission, state: State) -> None:
    """Refuse a submission that the state cannot accept, whatever its commands contain.

    Raises:
        UnknownScript, BaseInFuture, ScriptArchived, StaleBase.
    """
    first = submission.commands[0]
    if state.version == 0 and first.kind() != "script.create":
        raise UnknownScript(script=submission.script_id)
    if submission.base_version > state.version:
        raise BaseInFuture(base=submission.base_version, head=state.version)
    if state.archived and not first.on_archived:
        raise ScriptArchived
    for command in submission.commands:
        if command.needs_head and submission.base_version != state.version:
            raise StaleBase(kind=command.kind(), head=state.version, base=submission.base_version)


class Fold:
    """Applies the commands of a log one after the other, at a cost proportional to what each changes.

    `state` is the state after the last command. All commands write to one builder, so `state` is valid only until the
    next command and must not be kept; `finish` returns a state that can be kept.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._finished = state
        self._draft = StateBuilder(state)

    def take(self, command: Command) -> VersionRow:
        """Apply the next command and return its version.

        Raises:
            Rejected: the state does not accept it.
        """
        return self.write(command.apply(self.state))

    def write(self, delta: Delta, work: WorkCount | None = None, *, last: bool = False) -> VersionRow:
        """Apply a delta and return its version; `work` counts the lines it touches. None can follow the `last`."""
        draft = self._draft
        for change in delta:
            change.onto(draft)
        if work is not None:
            work.add(draft.units())
        if last:
            self.state = state = self._finished = draft.finish()
        else:
            self.state = state = draft.so_far()
            draft.version += 1
        return VersionRow(state.version, encode_delta(delta), state_hash_bytes(state.hash), state.line_count)

    def finish(self) -> State:
        """The state after the last command; no command can follow."""
        if self.state is self._finished:
            return self.state
        self._draft.version = self.state.version
        self.state = self._finished = self._draft.finish()
        return self.state


def replay(state: State, log: Iterable[LogEntry]) -> State:
    """Fold the commands of a log onto a state.

    Raises:
        Corrupt: a version is missing or duplicated, or a command of the log does not apply.
    """
    fold = Fold(state)
    for entry in log:
        if entry.version != fold.state.version + 1:
            raise Corrupt(f"version {entry.version} of script {entry.script_id} follows version {fold.state.version}")
        try:
            fold.take(decode_command(entry.payload))
        except Rejected as refusal:
            raise Corrupt(f"version {entry.version} of script {entry.script_id} does not apply: {refusal}") from refusal
    return fold.finish()
