"""Keyframe compaction of inactive scripts: a keyframe at the head, and only the keyframes needed before it.

The next reader then finds the whole script in one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from domain.log.head import MAX_DELTAS, Head
from domain.log.version import KeyframeRow
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import encode_keyframe
from materialization.history.state_at import load
from repos.locked_scripts import LockedScript
from repos.log.keyframes import KeyframeSize
from repos.unit_of_work import UnitOfWork

# How many of the last keyframes are examined; earlier ones were examined when they were among the last.
LOOK_BACK = 64
# A keyframe stays if without it a reader would read deltas of more than this many times the next keyframe's bytes.
MAX_DELTA_WEIGHT = 4
MIN_DELTA_BYTES = 64 << 10


class Tidied(NamedTuple):
    """Whether a keyframe was written, how many were removed, and whether submissions arrived in the meantime."""

    written: bool
    removed: int
    more: bool


def tidy_if_quiet(unit_of_work: UnitOfWork, script_id: int, *, quiet_before: int) -> Tidied | None:
    """Write a keyframe at the head of a script not edited since `quiet_before`; None if it was edited.

    Raises:
        HeadLocked: it is being edited now.
    """
    with unit_of_work.reading() as looking:
        head = looking.heads.get(script_id)
    if head is None or head.updated_at > quiet_before or head.keyframe_version == head.version:
        return None
    with unit_of_work.script(script_id) as tx:
        still_quiet = tx.head.version == head.version
        written = still_quiet and _write_keyframe(tx)
        removed = _thin(tx) if still_quiet else 0
    return Tidied(written, removed, tx.more)


def redundant(keyframes: list[KeyframeSize], delta_bytes: Callable[[int, int], int]) -> Iterator[int]:
    """The versions of keyframes that can be removed and leave no version over 256 deltas, or too many bytes, away.

    `delta_bytes` returns the bytes of the deltas from one version to another. The first and the last keyframe stay.
    """
    kept = keyframes[0].version if keyframes else 0
    for keyframe, following in pairwise(keyframes[1:]):
        limit = max(MAX_DELTA_WEIGHT * following.size, MIN_DELTA_BYTES)
        if following.version - kept <= MAX_DELTAS and delta_bytes(kept, following.version) <= limit:
            yield keyframe.version
        else:
            kept = keyframe.version


def _write_keyframe(tx: LockedScript) -> bool:
    head = tx.head
    state = load(tx, head, head.version)
    data = encode_keyframe(state)
    tx.keyframes.put(head.script_id, head.generation, [KeyframeRow(state.version, data, state_hash_bytes(state.hash))])
    tx.heads.advance(
        replace(head, keyframe_version=state.version, keyframe_bytes=len(data), delta_bytes=0), head.version
    )
    return True


def _thin(tx: LockedScript) -> int:
    script_id, head = tx.script_id, _generation_of(tx.head)
    keyframes = tx.keyframe_upkeep.last(script_id, **head, limit=LOOK_BACK)
    gone = list(
        redundant(
            [*keyframes, KeyframeSize(tx.head.version, tx.head.keyframe_bytes)],
            lambda after, upto: tx.keyframe_upkeep.delta_bytes(script_id, **head, after=after, upto=upto),
        )
    )
    for version in gone:
        tx.keyframe_upkeep.remove(script_id, **head, version=version)
    return len(gone)


def _generation_of(head: Head) -> dict[str, int]:
    return {"generation": head.generation}
