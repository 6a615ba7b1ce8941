"""The state at a locked head, out of what a worker process remembers and what one round trip adds to it."""

from __future__ import annotations

from domain.errors import Corrupt
from domain.log.head import Head
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import decode_keyframe
from domain.script.state import State
from materialization.history import advance_all
from materialization.warm_states import Warm
from repos.log.deltas_to_head import Known, Tip


def is_at_head(head: Head, warm: Warm | None) -> bool:
    """Whether nothing needs to be read."""
    return warm is not None and warm.state.version == head.version


def known(head: Head, warm: Warm | None) -> Known:
    """What to ask the tips of a script for."""
    return Known(head, None if warm is None else warm.state.version)


def brought_to_head(head: Head, warm: Warm | None, tip: Tip) -> State | None:
    """The state at a head; None where anything is not as it should be, for whoever looks closer."""
    try:
        state = _brought_on(warm, tip)
    except Corrupt:
        # After a rebuild the stored versions may rightly differ from what this process remembers.
        return None
    return state if state is not None and is_state_of(head, state) else None


def is_state_of(head: Head, state: State) -> bool:
    """Whether a state is the one a head speaks of."""
    return state.version == head.version and state_hash_bytes(state.hash) == head.state_hash


def _brought_on(warm: Warm | None, tip: Tip) -> State | None:
    if warm is not None:
        # After a backup was restored, the command behind a warm state may not be in the log.
        return advance_all(warm.state, tip.deltas) if tip.chain_hash == warm.chain_hash else None
    if tip.keyframe is None:
        return advance_all(State.empty(), tip.deltas)
    keyframe = tip.keyframe
    state = decode_keyframe(keyframe.state, keyframe.version, int.from_bytes(keyframe.state_hash, "big"))
    return advance_all(state, tip.deltas)
