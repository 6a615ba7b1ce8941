"""Acceptance of a submission's commands, one after the other, each under its guards. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from domain.commands.base import Command, Guard
from domain.errors import Rejected
from domain.log.head import Head, KeyframePace
from domain.log.version import KeyframeRow, VersionRow
from domain.refusals import GuardMissing, ScriptArchived, StaleElement, StaleLine
from domain.script.delta import Delta
from domain.script.hashing import expect_hash, expect_hash_of
from domain.script.keyframe import encode_keyframe, raw_size
from domain.script.line import Line
from domain.script.state import EDGE, Element, GuardKind, Persona, State
from domain.script.work_limit import (
    COMMAND_UNITS,
    KEYFRAME_BYTE_UNITS,
    KEYFRAME_LINE_UNITS,
    KEYFRAME_PASSES,
    LOOK_UNITS,
    WorkCount,
    text_units,
)
from materialization.history.fold import Fold

Content = Line | Element | Persona


class Step(Struct, frozen=True):
    """One accepted command, and the version it made; None where it changed nothing.

    The resulting state is not kept: ten thousand keystrokes in a line of 1 MiB would take ten gigabytes.
    """

    command: Command
    version: VersionRow | None
    note: str | None
    keyframe: KeyframeRow | None = None


class Acceptance(Fold):
    """The fold of one submission's commands: `state` is the script's under those that are accepted.

    With a head, it also makes the keyframes that become due.

    Raises:
        TooMuchWork: by any method; the whole submission is refused.
    """

    def __init__(self, start: State, work: WorkCount, head: Head | None = None) -> None:
        super().__init__(start)
        self._start = start
        self._work = work
        self._pace = None if head is None else KeyframePace.after(head)
        self._touched: set[tuple[GuardKind, str]] = set()
        self._hashes: dict[tuple[GuardKind, str], tuple[object, str]] = {}

    def accept(self, command: Command, *, last: bool = False) -> Step:
        """Apply the next command, or refuse it; none is accepted after the one marked `last`.

        `expect` is required only the first time a submission touches an object.

        Raises:
            Rejected: a guard does not hold, or the state does not take the command.
        """
        state, work = self.state, self._work
        if not command.on_archived and state.archived:
            raise ScriptArchived
        guards = command.guards()
        stale = self._first_stale(guards, state)
        if stale is not None and not command.absolute:
            work.add(COMMAND_UNITS)
            raise stale
        work.add(COMMAND_UNITS + command.work(state))
        if stale is None:
            delta = command.apply(state)
        elif delta := _already(command, state, stale):
            raise stale
        note = command.note(state)
        version = keyframe = None
        if delta:
            version = self.write(delta, work, last=last)
            if (pace := self._pace) is not None and pace.is_due(version):
                keyframe = pace.restart(self._keyframe(version))
        if not last:
            self._touched.update([(guard.kind, guard.id) for guard in guards])
        return Step(command, version, note, keyframe)

    def touch(self, command: Command) -> None:
        """Count the objects that a command touches as already touched."""
        self._touched.update([(guard.kind, guard.id) for guard in command.guards()])

    def _keyframe(self, version: VersionRow) -> KeyframeRow:
        state, work = self.state, self._work
        work.add(state.line_count * KEYFRAME_LINE_UNITS)
        data = encode_keyframe(state)
        work.add(
            raw_size(data) * KEYFRAME_PASSES
            + len(data) * KEYFRAME_BYTE_UNITS
            + len(state.retired) * KEYFRAME_LINE_UNITS
        )
        return KeyframeRow(version.version, data, version.state_hash)

    def _first_stale(self, guards: Iterable[Guard], state: State) -> Rejected | None:
        for guard in guards:
            kind, name, expect = guard.kind, guard.id, guard.expect
            content: Content | None
            if kind == "line":
                node = state.nodes.get(name)
                content = None if node is None or name == EDGE else node.line
            else:
                content = state.described(kind).get(name)
            if content is None:
                continue  # `apply` reports missing objects
            if expect is None:
                leans_on_earlier = (kind, name) in self._touched or not self._start.has(kind, name)
                if not leans_on_earlier:
                    return GuardMissing(kind=kind, id=name)
            elif self._hash(kind, name, content) != expect:
                return _stale(kind, name, state)
        return None

    def _hash(self, kind: GuardKind, name: str, content: Content) -> str:
        """The content hash of an object, computed once per content."""
        thing = kind, name
        known = self._hashes.get(thing)
        if known is not None and known[0] is content:
            self._work.add(LOOK_UNITS)
            return known[1]
        if isinstance(content, Line):
            self._work.add(LOOK_UNITS + text_units(content.text))
            found = expect_hash(content)
        else:
            self._work.add(LOOK_UNITS)
            found = expect_hash_of(kind, content)
        self._hashes[thing] = content, found
        return found


def _stale(kind: GuardKind, name: str, state: State) -> Rejected:
    if kind != "line":
        return StaleElement(kind=kind, id=name)
    node = state.nodes[name]
    line = node.line
    current = {"format": line.format, "text": line.text, "sep": line.sep, "attrs": line.attrs}
    return StaleLine(line=name, version=node.version, current=current)


def _already(command: Command, state: State, stale: Rejected) -> Delta:
    """The delta of a stale command: empty if the state is already as it wanted; raises `stale` if it does not apply."""
    try:
        return command.apply(state)
    except Rejected:
        raise stale from None
