"""Chunks of a rebuild: commands in, versions and keyframes of a new generation out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from domain.errors import Corrupt, Rejected
from domain.log.entry import LogEntry
from domain.log.head import Head, KeyframePace
from domain.log.version import KeyframeRow, VersionRow
from domain.script.delta import advance, encode_delta
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import encode_keyframe
from domain.script.state import State
from domain.submissions.submission import decode_command
from materialization.history.command_chain import linked
from materialization.history.fold import Fold
from materialization.history.state_at import load
from repos.integrity.rebuilds import RebuildRow, Rebuilds
from repos.log.commands import Commands
from repos.log.keyframes import Keyframes, WritableKeyframes
from repos.log.versions import Versions, WritableVersions

# Versions per transaction, and bytes of their deltas. Fewer would commit too often, more would take too much memory.
VERSIONS_PER_TRANSACTION = 4_000
BYTES_PER_TRANSACTION = 4 << 20


class Deriving(Protocol):
    """A unit of work that reads commands, and what a rebuild has written."""

    @property
    def commands(self) -> Commands: ...
    @property
    def versions(self) -> Versions: ...
    @property
    def keyframes(self) -> Keyframes: ...


class Writing(Protocol):
    """A unit of work that writes versions and keyframes, and records the progress of a rebuild."""

    @property
    def versions(self) -> WritableVersions: ...
    @property
    def keyframes(self) -> WritableKeyframes: ...
    @property
    def rebuilds(self) -> Rebuilds: ...


class Chunk(NamedTuple):
    """The versions after `after` with their keyframes, and the head and state after the last of them."""

    after: int
    versions: Sequence[VersionRow]
    keyframes: Sequence[KeyframeRow]
    head: Head
    state: State


def resume_point(tx: Deriving, head: Head, row: RebuildRow) -> Chunk:
    """The position of a rebuild as an empty chunk, read from what it has written."""
    frame = tx.keyframes.last(head.script_id, generation=row.generation, upto=row.version) if row.version else None
    since = frame.version if frame else 0
    deltas = tx.versions.read(head.script_id, generation=row.generation, after=since, upto=row.version)
    made = replace(
        head,
        version=row.version,
        chain_hash=row.chain_hash,
        keyframe_version=since,
        keyframe_bytes=len(frame.state) if frame else 0,
        delta_bytes=sum(len(version.delta) for version in deltas),
        generation=row.generation,
    )
    state = load(tx, made, row.version) if row.version else State.empty()
    return Chunk(row.version, (), (), replace(made, state_hash=state_hash_bytes(state.hash)), state)


def derive_piece(tx: Deriving, head: Head, before: Chunk) -> Chunk:
    """The next versions of a rebuild, up to `head` at most.

    Raises:
        Corrupt: the log has a hole, was changed, or does not apply.
    """
    after, chain = before.head.version, before.head.chain_hash
    upto = min(after + VERSIONS_PER_TRANSACTION, head.version)
    pace = KeyframePace.after(before.head)
    versions: list[VersionRow] = []
    keyframes: list[KeyframeRow] = []
    fold, room = Fold(before.state), BYTES_PER_TRANSACTION
    with closing(linked(tx.commands.ahead(), head.script_id, chain, after=after, upto=upto)) as commands:
        for version, command, chain in commands:  # noqa: B007 - the last value is the head's
            try:
                derived = fold.take(command)
            except Rejected as refusal:
                raise Corrupt(f"command {version} of script {head.script_id} does not apply: {refusal}") from refusal
            versions.append(derived)
            room -= len(derived.delta)
            if pace.is_due(derived):
                keyframe = KeyframeRow(version, encode_keyframe(fold.state), derived.state_hash)
                keyframes.append(pace.restart(keyframe))
            if room <= 0:
                break
    made = replace(before.head, health=head.health, updated_at=head.updated_at)
    if versions:
        made = made.extended_by(versions, keyframes, chain, head.updated_at)
    return Chunk(after, versions, keyframes, made, fold.finish())


def write_piece(tx: Writing, row: RebuildRow, piece: Chunk, generation: int) -> RebuildRow:
    """Append a chunk to a rebuild, compare each version with that of `generation`, and return the progress."""
    script_id, after, upto = row.script_id, row.version, piece.head.version
    tx.versions.put(script_id, row.generation, piece.versions)
    tx.keyframes.put(script_id, row.generation, piece.keyframes)
    found = tx.versions.differences(script_id, row.generation, generation, after=after, upto=upto)
    moved = row._replace(
        version=upto,
        chain_hash=piece.head.chain_hash,
        differences=row.differences + found.versions,
        first_difference=found.first if row.first_difference is None else row.first_difference,
    )
    tx.rebuilds.move(moved)
    return moved


def derive(state: State, entry: LogEntry) -> tuple[State, VersionRow]:
    """The state and version that a logged command leads to; raises Corrupt if it does not apply."""
    try:
        delta = decode_command(entry.payload).apply(state)
    except Rejected as refusal:
        raise Corrupt(f"command {entry.version} of script {entry.script_id} does not apply: {refusal}") from refusal
    state = advance(state, delta)
    return state, VersionRow(entry.version, encode_delta(delta), state_hash_bytes(state.hash), state.line_count)
