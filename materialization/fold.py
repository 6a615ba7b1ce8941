"""The fold: commands in, versions out. Pure; the same log gives the same versions, for ever."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from domain.command import Command, Guard
from domain.delta import Delta, advance, encode_delta
from domain.draft import Draft
from domain.entry import LogEntry
from domain.errors import Corrupt, Rejected
from domain.hashing import state_hash_bytes
from domain.refusals import (
    BaseInFuture,
    GuardMissing,
    ScriptArchived,
    StaleBase,
    StaleElement,
    StaleLine,
    UnknownScript,
)
from domain.state import State
from domain.submission import Submission, decode_command
from repos.versions import VersionRow


class Step(Struct, frozen=True):
    """One accepted command: what it changed and the state it led to. An empty delta is a no-op and no version."""

    command: Command
    delta: Delta
    state: State
    note: str | None


def accept(command: Command, state: State, start: State, touched: set[Guard]) -> Step:
    """Take one command of a submission that began at `start`, or refuse it.

    `touched` is what earlier commands of it touched: only the first touch in a submission needs its `expect`.

    Raises:
        Rejected: a guard does not hold, or the state does not take the command.
    """
    if state.archived and not command.on_archived:
        raise ScriptArchived
    stale = _first_stale(command.guards(), state, start, touched)
    if stale is None:
        delta = command.apply(state)
    elif not command.absolute or (delta := _already(command, state, stale)):
        raise stale
    note = command.note(state)
    return Step(command, delta, advance(state, delta) if delta else state, note)


def refuse_frame(submission: Submission, state: State) -> None:
    """Refuse a submission that the state does not take whatever its commands say.

    Raises:
        UnknownScript, BaseInFuture, ScriptArchived, StaleBase.
    """
    first = submission.commands[0]
    if not state.exists and first.kind() != "script.create":
        raise UnknownScript(script=submission.script_id)
    if submission.base_version > state.version:
        raise BaseInFuture(base=submission.base_version, head=state.version)
    if state.archived and not first.on_archived:
        raise ScriptArchived
    for command in submission.commands:
        if command.needs_head and submission.base_version != state.version:
            raise StaleBase(kind=command.kind(), head=state.version, base=submission.base_version)


class Fold:
    """One command of a log after the other, at the price of what each changes.

    `state` is what the last one led to. All are written to one draft, so it is there to be looked at until the next
    command is taken, and not to be kept: `finish` gives the last, which lasts.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self._draft = Draft(state)

    def take(self, command: Command) -> VersionRow:
        """The version that the next command leads to.

        Raises:
            Rejected: the state does not take it.
        """
        delta = command.apply(self.state)
        draft = self._draft
        for change in delta:
            change.onto(draft)
        self.state = state = draft.so_far()
        draft.version += 1
        return VersionRow(state.version, encode_delta(delta), state_hash_bytes(state.hash), state.line_count)

    def finish(self) -> State:
        """The state after the last command; no other is taken."""
        self._draft.version = self.state.version
        self.state = self._draft.finish()
        return self.state


def replay(state: State, log: Iterable[LogEntry]) -> State:
    """Fold the commands of a log onto a state.

    Raises:
        Corrupt: a version is missing or doubled, or a command of the log does not apply.
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


def version_row(step: Step) -> VersionRow:
    """A step as the version that is stored for it."""
    return VersionRow(
        step.state.version, encode_delta(step.delta), state_hash_bytes(step.state.hash), step.state.line_count
    )


def _first_stale(guards: Iterable[Guard], state: State, start: State, touched: set[Guard]) -> Rejected | None:
    for guard in guards:
        current = state.content_hash(guard.kind, guard.id)
        if current is None or current == guard.expect:
            continue  # what is not there is for `apply` to name
        if guard.expect is not None:
            return _stale(guard, state)
        leans_on_earlier = guard in touched or start.content_hash(guard.kind, guard.id) is None
        if not leans_on_earlier:
            return GuardMissing(kind=guard.kind, id=guard.id)
    return None


def _stale(guard: Guard, state: State) -> Rejected:
    if guard.kind != "line":
        return StaleElement(kind=guard.kind, id=guard.id)
    node = state.nodes[guard.id]
    line = node.line
    current = {"format": line.format, "text": line.text, "sep": line.sep, "attrs": line.attrs}
    return StaleLine(line=guard.id, version=node.version, current=current)


def _already(command: Command, state: State, stale: Rejected) -> Delta:
    """Empty where the state already is what a stale command wanted; else it is refused for being stale."""
    try:
        return command.apply(state)
    except Rejected:
        raise stale from None
