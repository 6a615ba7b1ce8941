"""Verify: does what is stored still follow from the log, and the log from itself?

One streaming pass over a script: numbers are dense, each chain hash follows from the one before and every other
column, each command applies and gives the stored delta and state hash, each keyframe is the state it claims to be,
and the head names the last of everything. Memory is one state and a page of rows, whatever the length of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.delta import advance, encode_delta
from domain.entry import LogEntry, chained
from domain.errors import LedgerError
from domain.hashing import GENESIS, state_hash_bytes
from domain.head import MAX_DELTAS, Head
from domain.keyframe import decode_keyframe
from domain.refusals import UnknownScript
from domain.state import State, hash_from_scratch
from domain.submission import decode_command
from materialization.history import LogReader
from repos.keyframes import KeyframeRow
from repos.versions import VersionRow


class Finding(NamedTuple):
    """The first thing wrong with a script: at which version, and what."""

    version: int
    problem: str


class Verification(NamedTuple):
    """What was compared, and the first thing found wrong; None where all is well."""

    script_id: int
    versions: int
    keyframes: int
    finding: Finding | None


class _Contradiction(LedgerError):
    """Two things that are stored do not agree."""


def verify(tx: LogReader, script_id: int, *, progress: Callable[[int], None] | None = None) -> Verification:
    """Compare the log of a script, its versions, its keyframes and its head.

    `progress` is told each version that was compared.

    Raises:
        UnknownScript: there is no such script.
    """
    head = tx.heads.get(script_id)
    if head is None:
        raise UnknownScript(script=script_id)
    state, chain, keyframes, version = State.empty(), GENESIS, 0, 0
    entries = tx.commands.read(script_id, upto=head.version)
    versions = tx.versions.read(script_id, generation=head.generation, upto=head.version)
    stored = _Keyframes(tx, head)
    try:
        for version in range(1, head.version + 1):
            entry, row = next(entries, None), next(versions, None)
            chain = _linked(entry, version, chain)
            state = _stepped(state, entry, row)
            keyframes += stored.compare(state)
            if progress is not None:
                progress(version)
        _compare_head(head, state, chain)
        stored.require_no_more(head)
        _require_end(tx, head)
    except LedgerError as error:
        return Verification(script_id, version, keyframes, Finding(version, str(error)))
    return Verification(script_id, state.version, keyframes, None)


def _linked(entry: LogEntry | None, version: int, chain: bytes) -> bytes:
    if entry is None or entry.version != version:
        raise _Contradiction(f"command {version} is missing from the log")
    if chained(entry, chain).chain_hash != entry.chain_hash:
        raise _Contradiction(f"command {version} was changed, or follows another command than the one before it")
    return entry.chain_hash


def _stepped(state: State, entry: LogEntry | None, row: VersionRow | None) -> State:
    assert entry is not None  # noqa: S101 - `_linked` refused that
    command = decode_command(entry.payload)
    if command.kind() != entry.kind:
        raise _Contradiction(f"command {entry.version} is stored as {entry.kind} but is a {command.kind()}")
    delta = command.apply(state)
    if row is None or row.version != entry.version:
        raise _Contradiction(f"version {entry.version} is missing")
    if encode_delta(delta) != row.delta:
        raise _Contradiction(f"the delta of version {entry.version} is not what its command gives")
    after = advance(state, delta)
    if state_hash_bytes(after.hash) != row.state_hash:
        raise _Contradiction(f"the state hash of version {entry.version} is not what its command gives")
    if after.line_count != row.line_count:
        raise _Contradiction(f"version {entry.version} has {after.line_count} lines, not {row.line_count}")
    return after


def _compare_head(head: Head, state: State, chain: bytes) -> None:
    if head.chain_hash != chain:
        raise _Contradiction("the chain hash of the head is not that of its last command")
    if head.state_hash != state_hash_bytes(state.hash):
        raise _Contradiction("the state hash of the head is not that of its last version")
    if hash_from_scratch(state) != state.hash:
        raise _Contradiction("the state hash kept along the way is not the hash of the whole state")


def _require_end(tx: LogReader, head: Head) -> None:
    # A command and its head are committed together: one behind a head that did not move was put there.
    if tx.commands.get(head.script_id, head.version + 1) is not None and tx.heads.get(head.script_id) == head:
        raise _Contradiction(f"command {head.version + 1} is behind the head, which is at version {head.version}")


class _Keyframes:
    """The keyframes of a script, each compared when its version comes by."""

    def __init__(self, tx: LogReader, head: Head) -> None:
        self._rows = _every_keyframe(tx, head)
        self._next = next(self._rows, None)
        self._last = 0

    def compare(self, state: State) -> int:
        """Compare the keyframe of this version, if there is one; how many there were."""
        row = self._next
        if row is None or row.version != state.version:
            if state.version - self._last > MAX_DELTAS:
                raise _Contradiction(f"there is no keyframe among the versions {self._last + 1} to {state.version}")
            return 0
        if (
            row.state_hash != state_hash_bytes(state.hash)
            or decode_keyframe(row.state, row.version, state.hash) != state
        ):
            raise _Contradiction(f"the keyframe of version {row.version} is not the state of that version")
        self._next = next(self._rows, None)
        self._last = row.version
        return 1

    def require_no_more(self, head: Head) -> None:
        """Refuse a head that names another keyframe than the last one at or before it."""
        if self._last != head.keyframe_version:
            raise _Contradiction(
                f"the head names a keyframe of version {head.keyframe_version}, the last one is of version {self._last}"
            )


def _every_keyframe(tx: LogReader, head: Head) -> Iterator[KeyframeRow]:
    after = 0
    while (row := tx.keyframes.next(head.script_id, generation=head.generation, after=after)) is not None:
        yield row
        after = row.version
