"""Deriving a piece of a log once more: commands in, versions and keyframes of another generation out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from domain.delta import advance, encode_delta
from domain.entry import LogEntry, link
from domain.errors import Corrupt, Rejected
from domain.hashing import state_hash_bytes
from domain.head import Head
from domain.keyframe import encode_keyframe
from domain.state import State
from domain.submission import decode_command
from materialization.history import load
from repos.commands import Commands
from repos.keyframe_upkeep import KeyframeUpkeep
from repos.keyframes import KeyframeRow, WritableKeyframes
from repos.rebuilds import RebuildRow
from repos.versions import VersionRow, WritableVersions

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
    made = replace(made, state_hash=state_hash_bytes(state.hash))
    upto = min(row.version + PIECE, head.version)
    stored = tx.versions.read(head.script_id, generation=head.generation, after=row.version, upto=upto)
    old = {version.version: version.state_hash for version in stored}
    versions: list[VersionRow] = []
    keyframes: list[KeyframeRow] = []
    for entry in _linked(tx, row, upto):
        state, version = derive(state, entry)
        versions.append(version)
        made = replace(
            made,
            version=version.version,
            chain_hash=entry.chain_hash,
            state_hash=version.state_hash,
            delta_bytes=made.delta_bytes + len(version.delta),
        )
        if made.wants_keyframe():
            keyframe = encode_keyframe(state)
            keyframes.append(KeyframeRow(version.version, keyframe, version.state_hash))
            made = replace(made, keyframe_version=version.version, keyframe_bytes=len(keyframe), delta_bytes=0)
    tx.versions.put(head.script_id, row.generation, versions)
    tx.keyframes.put(head.script_id, row.generation, keyframes)
    return Piece(
        state, made, _moved(row, made, [each.version for each in versions if old.get(each.version) != each.state_hash])
    )


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


def _linked(tx: Deriving, row: RebuildRow, upto: int) -> Iterator[LogEntry]:
    """The commands of a piece, none missing and each following from the one before it."""
    version, chain = row.version, row.chain_hash
    for entry in tx.commands.read(row.script_id, after=row.version, upto=upto):
        version += 1
        if entry.version != version:
            break
        if link(entry, chain) != entry.chain_hash:
            raise Corrupt(f"command {version} of script {row.script_id} was changed, or follows another than stored")
        chain = entry.chain_hash
        yield entry
    else:
        version += 1
    if version <= upto:
        raise Corrupt(f"command {version} of script {row.script_id} is missing from the log")


def derive(state: State, entry: LogEntry) -> tuple[State, VersionRow]:
    """The state and the version that a command of the log leads to; Corrupt where it leads nowhere."""
    try:
        delta = decode_command(entry.payload).apply(state)
    except Rejected as refusal:
        raise Corrupt(f"command {entry.version} of script {entry.script_id} does not apply: {refusal}") from refusal
    state = advance(state, delta)
    return state, VersionRow(entry.version, encode_delta(delta), state_hash_bytes(state.hash), state.line_count)


def _moved(row: RebuildRow, made: Head, differing: list[int]) -> RebuildRow:
    first = row.first_difference if row.first_difference is not None else (differing[0] if differing else None)
    return row._replace(
        version=made.version,
        chain_hash=made.chain_hash,
        differences=row.differences + len(differing),
        first_difference=first,
    )
