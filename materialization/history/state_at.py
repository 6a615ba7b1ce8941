"""State reader: the state of a script at any version, from one keyframe and a bounded number of deltas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import structlog

from domain.errors import Corrupt
from domain.log.head import Head
from domain.log.version import VersionRow
from domain.refusals import UnknownVersion
from domain.script.delta import Delta, advance_through, decode_delta
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import decode_keyframe
from domain.script.state import State
from repos.log.commands import Commands
from repos.log.heads import Heads
from repos.log.keyframes import FoundKeyframe, Keyframes
from repos.log.path_to_version import HIGHEST_VERSION, PathsToVersion, PathToVersion
from repos.log.versions import Versions
from repos.submissions.answers import Submissions

log = structlog.get_logger(__name__)


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


class PathReader(HeadReader, Protocol):
    """A unit of work that can read the path to a version as well."""

    @property
    def paths(self) -> PathsToVersion: ...


class LogReader(HeadReader, Protocol):
    """A unit of work that can read everything stored of a script."""

    @property
    def commands(self) -> Commands: ...
    @property
    def submissions(self) -> Submissions: ...


def state_at(tx: PathReader, script_id: int, version: int | None = None) -> State:
    """The state of a script at a version; at its head if none is named.

    A damaged keyframe is skipped and logged. A rebuild activated in the meantime is followed.

    Raises:
        UnknownScript, UnknownVersion: there is no such version.
        Corrupt: a version is missing, or what was read does not have the state hash stored with it.
    """
    if version is None or 0 < version <= HIGHEST_VERSION:
        state = _straight(tx.paths.to(script_id, version), version)
        if state is not None:
            return state
    head = _head_with(tx, script_id, version)
    while True:
        try:
            return load(tx, head, head.version if version is None else version)
        except Corrupt:
            # The generation that was active when the head was read may have been removed.
            before, head = head, _head_with(tx, script_id, version)
            if head.generation == before.generation:
                raise


def _straight(path: PathToVersion | None, version: int | None) -> State | None:
    """The state at the end of a path; None on any inconsistency, which `load` then examines."""
    if path is None or path.versions is None:
        return None
    try:
        state = advance_all(State.empty() if path.keyframe is None else _decoded(path.keyframe), path.versions)
    except Corrupt:
        return None
    return state if state.version == (path.head.version if version is None else version) > 0 else None


def _head_with(tx: HeadReader, script_id: int, version: int | None) -> Head:
    head = tx.heads.require(script_id)
    if version is not None and not 1 <= version <= head.version:
        raise UnknownVersion(script=script_id, version=version, head=head.version)
    return head


def load(tx: HistoryReader, head: Head, version: int) -> State:
    """The state at a version of a script whose head is known, from the last valid keyframe.

    Raises:
        Corrupt: a version is missing, or what was read does not have the state hash stored with it.
    """
    start = _last_sound(tx, head, version)
    try:
        return catch_up(tx, head, start, version)
    except Corrupt as found:
        if start.version == 0:
            raise
        # Either a delta or the keyframe is wrong, although the keyframe decodes: the previous keyframe decides which.
        state = catch_up(tx, head, _last_sound(tx, head, start.version - 1), version)
        _report(head, start.version, found)
        return state


def _last_sound(tx: HistoryReader, head: Head, upto: int) -> State:
    """The state of the last keyframe that decodes and has the hash of its version; the empty state if none does."""
    while (row := tx.keyframes.last(head.script_id, generation=head.generation, upto=upto)) is not None:
        try:
            return _decoded(row)
        except Corrupt as found:
            _report(head, row.version, found)
            upto = row.version - 1
    return State.empty()


def _decoded(keyframe: FoundKeyframe) -> State:
    if keyframe.version_hash != keyframe.state_hash:
        raise Corrupt(f"the keyframe of version {keyframe.version} does not have the state hash of that version")
    return decode_keyframe(keyframe.state, keyframe.version, int.from_bytes(keyframe.state_hash, "big"))


def _report(head: Head, version: int, found: Corrupt) -> None:
    log.warning("history.keyframe_passed_over", script_id=head.script_id, version=version, problem=found)


def catch_up(tx: HistoryReader, head: Head, state: State, version: int) -> State:
    """A state advanced to a version by the missing deltas.

    Raises:
        Corrupt: one is missing, or the result does not have the state hash stored with the last.
    """
    if state.version == version:
        return state
    rows = tx.versions.read(head.script_id, generation=head.generation, after=state.version, upto=version)
    state = advance_all(state, rows)
    if state.version != version:
        raise Corrupt(f"script {head.script_id} has no version {state.version + 1}, but its head is {head.version}")
    return state


def advance_all(state: State, rows: Iterable[VersionRow]) -> State:
    """A state advanced by the deltas after it; raises Corrupt if they do not follow it."""
    following = _Following(state)
    state = advance_through(state, following.deltas(rows))
    if state_hash_bytes(state.hash) != following.stored:
        raise Corrupt(f"version {state.version} does not have the state hash that was stored with it")
    return state


class _Following:
    """Checks that versions follow a state without gaps; `stored` is the hash of the last one read."""

    def __init__(self, state: State) -> None:
        self._version = state.version
        self.stored = state_hash_bytes(state.hash)

    def deltas(self, rows: Iterable[VersionRow]) -> Iterator[Delta]:
        for row in rows:
            if row.version != self._version + 1:
                raise Corrupt(f"version {self._version + 1} is missing: {row.version} follows version {self._version}")
            self._version, self.stored = row.version, row.state_hash
            yield decode_delta(row.delta)
