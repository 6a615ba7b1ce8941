"""Deriving a piece of a log once more: commands in, versions and keyframes of another generation out."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from msgspec.structs import replace

from domain.command import Command
from domain.delta import advance, encode_delta
from domain.entry import LogEntry
from domain.errors import Corrupt, Rejected
from domain.hashing import state_hash_bytes
from domain.head import Head, is_keyframe_due
from domain.keyframe import encode_keyframe
from domain.state import State
from domain.submission import decode_command
from materialization.chain import linked
from materialization.fold import Fold
from materialization.history import load
from repos.commands import Commands
from repos.keyframe_upkeep import KeyframeUpkeep
from repos.keyframes import KeyframeRow, WritableKeyframes
from repos.rebuilds import RebuildRow
from repos.versions import Differences, VersionRow, WritableVersions

PIECE = 1_000
"""Versions a transaction."""


class Deriving(Protocol):
    """A unit of work that reads commands and writes versions and keyframes."""

    @property
    def commands(self) -> Commands: ...
    @property
    def versions(self) -> WritableVersions: ...
    @property
    def keyframes(self) -> WritableKeyframes: ...
    @property
    def keyframe_upkeep(self) -> KeyframeUpkeep: ...


class Piece(NamedTuple):
    """The state after a piece, the head as it would be there, and how far the rebuild then is."""

    state: State
    head: Head
    row: RebuildRow


def derive_piece(tx: Deriving, head: Head, row: RebuildRow, state: State | None) -> Piece:
    """Write the next versions of a rebuild, and compare each with the generation that `head` names.

    `state` is the state the rebuild is at; None to read it from what is written.

    Raises:
        Corrupt: the log has a hole, was changed, or does not apply.
    """
    made = _head_at(tx, head, row)
    if state is None or state.version != row.version:
        state = load(tx, made, row.version) if row.version else State.empty()
    upto = min(row.version + PIECE, head.version)
    versions: list[VersionRow] = []
    keyframes: list[KeyframeRow] = []
    last, size, weight = made.keyframe_version, made.keyframe_bytes, made.delta_bytes
    fold, chain = Fold(state), row.chain_hash
    commands = linked(tx.commands, row.script_id, chain, after=row.version, upto=upto)
    for version, command, chain in commands:  # noqa: B007 - the last is the head's
        derived = _taken(fold, command, row.script_id)
        versions.append(derived)
        weight += len(derived.delta)
        if is_keyframe_due(version - last, weight, size):
            keyframe = encode_keyframe(fold.state)
            keyframes.append(KeyframeRow(version, keyframe, derived.state_hash))
            last, size, weight = version, len(keyframe), 0
    tx.versions.put(head.script_id, row.generation, versions)
    tx.keyframes.put(head.script_id, row.generation, keyframes)
    differing = tx.versions.differences(row.script_id, row.generation, head.generation, after=row.version, upto=upto)
    made = replace(
        made,
        version=upto,
        chain_hash=chain,
        state_hash=state_hash_bytes(fold.state.hash),
        keyframe_version=last,
        keyframe_bytes=size,
        delta_bytes=weight,
    )
    return Piece(fold.finish(), made, _moved(row, made, differing))


def _head_at(tx: Deriving, head: Head, row: RebuildRow) -> Head:
    """The head as it would be at the version a rebuild has reached."""
    frame = tx.keyframes.last(head.script_id, generation=row.generation, upto=row.version) if row.version else None
    since = frame.version if frame else 0
    weight = tx.keyframe_upkeep.delta_bytes(head.script_id, generation=row.generation, after=since, upto=row.version)
    return replace(
        head,
        version=row.version,
        chain_hash=row.chain_hash,
        keyframe_version=since,
        keyframe_bytes=len(frame.state) if frame else 0,
        delta_bytes=weight,
        generation=row.generation,
    )


def _taken(fold: Fold, command: Command, script_id: int) -> VersionRow:
    try:
        return fold.take(command)
    except Rejected as refusal:
        version = fold.state.version + 1
        raise Corrupt(f"command {version} of script {script_id} does not apply: {refusal}") from refusal


def derive(state: State, entry: LogEntry) -> tuple[State, VersionRow]:
    """The state and the version that a command of the log leads to; Corrupt where it leads nowhere."""
    try:
        delta = decode_command(entry.payload).apply(state)
    except Rejected as refusal:
        raise Corrupt(f"command {entry.version} of script {entry.script_id} does not apply: {refusal}") from refusal
    state = advance(state, delta)
    return state, VersionRow(entry.version, encode_delta(delta), state_hash_bytes(state.hash), state.line_count)


def _moved(row: RebuildRow, made: Head, found: Differences) -> RebuildRow:
    return row._replace(
        version=made.version,
        chain_hash=made.chain_hash,
        differences=row.differences + found.versions,
        first_difference=found.first if row.first_difference is None else row.first_difference,
    )
