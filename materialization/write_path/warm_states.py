"""Warm states: an LRU cache of script states in a worker process, so that most edits read no history."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from msgspec import Struct

from domain.errors import Corrupt
from domain.log.head import Head
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import decode_keyframe
from domain.script.script_size import described_bytes
from domain.script.state import State
from materialization.history.state_at import advance_all
from repos.log.deltas_to_head import HeadDelta, KnownState

# About 100 MB of lines in a worker process.
MAX_WARM_LINES = 200_000
# The memory cost of a script in addition to its lines, in lines.
SCRIPT_WEIGHT = 50
# The memory of a line of usual length. This much text or JSON counts as one more line.
BYTES_OF_A_LINE = 500


class Warm(Struct, frozen=True, gc=False):
    """A state, the chain hash of its last command, and its memory cost in lines.

    `beside_lines` is the part that is neither lines nor removed ids; keystrokes do not change it.
    """

    state: State
    chain_hash: bytes
    weight: int
    beside_lines: int


class WarmStates:
    """A bounded LRU cache of states.

    It holds only states of committed heads: the one a unit of work starts from and, once COMMIT has succeeded, the one
    it ends with. A state is used only if version and chain hash match the locked head.
    """

    def __init__(self, most_lines: int = MAX_WARM_LINES) -> None:
        self._most = most_lines
        self._weight = 0
        self._states: OrderedDict[int, Warm] = OrderedDict()
        self._lock = Lock()

    def take(self, head: Head) -> Warm | None:
        """The cached state at the head, or an earlier one of the same script to continue from; None if there is none.

        For an earlier state the caller checks that the log still has its command, and reads the missing deltas.
        Only the state at the head stays in the cache: whether an earlier one still belongs to this log is not known.
        """
        with self._lock:
            found = self._states.get(head.script_id)
            if found is None:
                return None
            if found.state.version == head.version and found.chain_hash == head.chain_hash:
                self._states.move_to_end(head.script_id)
                return found
            self._pop(head.script_id)
        return found if found.state.version < head.version else None

    def put(self, head: Head, state: State) -> None:
        """Cache the state at a committed head."""
        with self._lock:
            before = self._pop(head.script_id)
            beside_lines = _weight_beside_lines(state, before)
            # Weighed each time: removed ids weigh another amount once one was asked for and all are unpacked.
            lines = state.line_count + state.characters // BYTES_OF_A_LINE + state.retired.weight() // 4
            weight = lines + beside_lines
            self._states[head.script_id] = Warm(state, head.chain_hash, weight, beside_lines)
            self._weight += weight
            while self._weight > self._most:
                self._pop(next(iter(self._states)))

    def forget(self, script_id: int) -> None:
        """Remove a script from the cache."""
        with self._lock:
            self._pop(script_id)

    def _pop(self, script_id: int) -> Warm | None:
        found = self._states.pop(script_id, None)
        if found is not None:
            self._weight -= found.weight
        return found


def _weight_beside_lines(state: State, before: Warm | None) -> int:
    """The cost of story elements, personas and labels in lines, recomputed only when they changed."""
    if before is not None:
        known = before.state
        if known.elements is state.elements and known.personas is state.personas and known.labels is state.labels:
            return before.beside_lines
    # Small objects take far more memory than bytes of JSON.
    described = len(state.elements) + len(state.personas) + 10 * described_bytes(state) // BYTES_OF_A_LINE
    return described + len(state.labels) + SCRIPT_WEIGHT


def is_at_head(head: Head, warm: Warm | None) -> bool:
    """Whether the cached state is at the head, so nothing needs to be read."""
    return warm is not None and warm.state.version == head.version


def known(head: Head, warm: Warm | None) -> KnownState:
    """The query for what leads from the cached state to the head."""
    return KnownState(head, None if warm is None else warm.state.version)


def brought_to_head(head: Head, warm: Warm | None, tip: HeadDelta) -> State | None:
    """The state at a head; None on any inconsistency, which the caller then examines."""
    try:
        state = _brought_on(warm, tip)
    except Corrupt:
        # After a rebuild the stored versions may legitimately differ from the cached state.
        return None
    return state if state is not None and is_state_of(head, state) else None


def is_state_of(head: Head, state: State) -> bool:
    """Whether a state is the one its head describes."""
    return state.version == head.version and state_hash_bytes(state.hash) == head.state_hash


def _brought_on(warm: Warm | None, tip: HeadDelta) -> State | None:
    if warm is not None:
        # After a restore from backup, the last command of a cached state may not be in the log.
        return advance_all(warm.state, tip.deltas) if tip.chain_hash == warm.chain_hash else None
    if tip.keyframe is None:
        return advance_all(State.empty(), tip.deltas)
    keyframe = tip.keyframe
    state = decode_keyframe(keyframe.state, keyframe.version, int.from_bytes(keyframe.state_hash, "big"))
    return advance_all(state, tip.deltas)
