"""Head: the tip of a script's log and what is needed to append to it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

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

    def wants_keyframe(self) -> bool:
        """Whether the deltas since the last keyframe outweigh it, or are too many to read."""
        return is_keyframe_due(self.version - self.keyframe_version, self.delta_bytes, self.keyframe_bytes)


def is_keyframe_due(deltas: int, delta_bytes: int, keyframe_bytes: int) -> bool:
    """Whether this many deltas, of this many bytes, outweigh the keyframe before them or are too many to read."""
    return deltas >= MAX_DELTAS or MIN_DELTA_BYTES <= delta_bytes >= keyframe_bytes
