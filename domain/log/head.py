"""The head: the tip of a script's log and what is needed to go on from it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from domain.script import hashing
from domain.script.state import State

Health = Literal["open", "backfilling", "quarantined"]
"""In service; only for what a backfill brings over; out of service, because what is stored contradicts itself."""

MAX_DELTAS = 256
"""No version is further than this from a keyframe."""
MIN_DELTA_BYTES = 8 << 10
"""Below this a keyframe costs more than the deltas it spares."""


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
        """Whether it was made for the time being: it goes again unless its script comes into being."""
        return not self.version and self.health == "open"

    def wants_keyframe(self) -> bool:
        """Whether the deltas since the last keyframe outweigh it, or have become too many to read."""
        return is_keyframe_due(self.version - self.keyframe_version, self.delta_bytes, self.keyframe_bytes)


def is_keyframe_due(deltas: int, delta_bytes: int, keyframe_bytes: int) -> bool:
    """Whether so many deltas, of so many bytes, outweigh the keyframe they follow or are too many to read."""
    return deltas >= MAX_DELTAS or MIN_DELTA_BYTES <= delta_bytes >= keyframe_bytes
