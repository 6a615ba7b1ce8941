"""History: the state of a script at any version, from one keyframe and a bounded run of deltas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from domain.delta import advance, decode_delta
from domain.errors import Corrupt
from domain.hashing import state_hash_bytes
from domain.head import Head
from domain.keyframe import decode_keyframe
from domain.refusals import UnknownScript, UnknownVersion
from domain.state import State
from repos.commands import Commands
from repos.heads import Heads
from repos.keyframes import Keyframes
from repos.submissions import Submissions
from repos.versions import VersionRow, Versions


class HistoryReader(Protocol):
    """A unit of work that can read keyframes and versions."""

    @property
    def keyframes(self) -> Keyframes: ...
    @property
    def versions(self) -> Versions: ...


class HeadReader(HistoryReader, Protocol):
    """A unit of work that can read heads as well."""

    @property
    def heads(self) -> Heads: ...


class LogReader(HeadReader, Protocol):
    """A unit of work that can read everything there is of a script."""

    @property
    def commands(self) -> Commands: ...
    @property
    def submissions(self) -> Submissions: ...


def state_at(tx: HeadReader, script_id: int, version: int | None = None) -> State:
    """The state of a script at a version; at its head where none is named.

    Raises:
        UnknownScript, UnknownVersion: there is no such version.
        Corrupt: the stored state hash differs from what was read.
    """
    head = tx.heads.get(script_id)
    if head is None:
        raise UnknownScript(script=script_id)
    wanted = head.version if version is None else version
    if not 1 <= wanted <= head.version:
        raise UnknownVersion(script=script_id, version=wanted, head=head.version)
    return load(tx, head, wanted)


def load(tx: HistoryReader, head: Head, version: int) -> State:
    """The state at a version of a script whose head is known."""
    row = tx.keyframes.last(head.script_id, generation=head.generation, upto=version)
    if row is None:
        state = State.empty()
    else:
        state = decode_keyframe(row.state, row.version, int.from_bytes(row.state_hash, "big"))
    return catch_up(tx, head, state, version)


def catch_up(tx: HistoryReader, head: Head, state: State, version: int) -> State:
    """A state brought forward by the deltas it lacks."""
    if state.version == version:
        return state
    rows = tx.versions.read(head.script_id, generation=head.generation, after=state.version, upto=version)
    state = _advance_all(state, rows)
    if state.version != version:
        raise Corrupt(f"script {head.script_id} has no version {state.version + 1}, but its head is {head.version}")
    return state


def _advance_all(state: State, rows: Iterable[VersionRow]) -> State:
    stored = state_hash_bytes(state.hash)
    for row in rows:
        if row.version != state.version + 1:
            raise Corrupt(f"version {row.version} follows version {state.version}")
        state = advance(state, decode_delta(row.delta))
        stored = row.state_hash
    if state_hash_bytes(state.hash) != stored:
        raise Corrupt(f"version {state.version} does not have the state hash that was stored with it")
    return state
