"""Head: the tip of a script's log and what is needed to append to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from domain.log.version import KeyframeRow, VersionRow
from domain.script import hashing
from domain.script.state import State

# open: in service. backfilling: takes only what a backfill imports. quarantined: out of service, because the stored
# data contradicts itself.
Health = Literal["open", "backfilling", "quarantined"]

# The largest distance from a version to its keyframe.
MAX_DELTAS = 256
# Below this size, a keyframe costs more than the deltas it replaces.
MIN_DELTA_BYTES = 8 << 10


class Head(Struct, frozen=True):
    """The tip of one script; sizes are bytes as stored, `delta_bytes` since the last keyframe."""

    script_id: int
    version: int = 0
    chain_hash: bytes = hashing.GENESIS
    state_hash: bytes = hashing.state_hash_bytes(State.empty().hash)
    keyframe_version: int = 0
    keyframe_bytes: int = 0
    delta_bytes: int = 0
    generation: int = 1
    health: Health = "open"
    updated_at: int = 0

    @property
    def provisional(self) -> bool:
        """Whether this is a provisional row, which is deleted unless its script is created."""
        return not self.version and self.health == "open"

    def extended_by(
        self, versions: Sequence[VersionRow], keyframes: Sequence[KeyframeRow], chain_hash: bytes, now: int
    ) -> Head:
        """The head after the next versions, at least one, of which some have keyframes.

        `chain_hash` is that of the last command. Every log grows by this step: edits, imports and rebuilds.
        """
        last = versions[-1]
        delta_bytes, keyframe_version, keyframe_bytes = self.delta_bytes, self.keyframe_version, self.keyframe_bytes
        if keyframes:
            keyframe_version, keyframe_bytes, delta_bytes = keyframes[-1].version, len(keyframes[-1].state), 0
        for version in versions:
            if version.version > keyframe_version:
                delta_bytes += len(version.delta)
        return Head(
            self.script_id,
            last.version,
            chain_hash,
            last.state_hash,
            keyframe_version,
            keyframe_bytes,
            delta_bytes,
            self.generation,
            self.health,
            now,
        )


class KeyframePace(Struct):
    """The pace of keyframes: the version and size of the last one, and the bytes of the deltas since."""

    version: int
    size: int
    delta_bytes: int

    @classmethod
    def after(cls, head: Head) -> KeyframePace:
        """The pace at a head."""
        return cls(head.keyframe_version, head.keyframe_bytes, head.delta_bytes)

    def is_due(self, version: VersionRow) -> bool:
        """Count the next version; whether it needs a keyframe: its deltas outweigh the last one or are too many."""
        self.delta_bytes = delta_bytes = self.delta_bytes + len(version.delta)
        return version.version - self.version >= MAX_DELTAS or MIN_DELTA_BYTES <= delta_bytes >= self.size

    def restart(self, keyframe: KeyframeRow) -> KeyframeRow:
        """Count from a new keyframe, and return it."""
        self.version, self.size, self.delta_bytes = keyframe.version, len(keyframe.state), 0
        return keyframe
