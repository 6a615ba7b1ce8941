"""Warm states: an LRU cache of script states in a worker process, so that most edits read no history."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Protocol

from msgspec import Struct

from domain.errors import Corrupt
from domain.log.head import Head
from domain.script.hashing import state_hash_bytes
from domain.script.keyframe import decode_keyframe
from domain.script.script_size import described_bytes
from domain.script.state import State
from materialization.history.state_at import advance_all
from repos.log.deltas_to_head import HeadDelta, HeadDeltas, KnownState

# About 100 MB of lines in a worker process.
MAX_WARM_LINES = 200_000
# The memory cost of a script in addition to its lines, in lines.
SCRIPT_WEIGHT = 50
# The memory of a line of usual length. This much text or JSON counts as one more line.
BYTES_OF_A_LINE = 500


class ReadsTips(Protocol):
    """A unit of work that reads what leads to the heads it has locked."""

    @property
    def head_deltas(self) -> HeadDeltas: ...


class Warm(Struct, frozen=True, gc=False):
    """A state, the chain hash of its last command, and its memory cost in lines.

    `other_than_lines` is the part that is neither lines nor removed ids; keystrokes do not change it.
    """

    state: State
    chain_hash: bytes
    weight: int
    other_than_lines: int


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

    def at_head(self, head: Head) -> State | None:
        """The cached state at a head; None if there is none."""
        with self._lock:
            found = self._states.get(head.script_id)
            if found is None or found.chain_hash != head.chain_hash or not is_state_of(head, found.state):
                return None
            self._states.move_to_end(head.script_id)
        return found.state

    def put(self, head: Head, state: State) -> None:
        """Cache the state at a committed head."""
        with self._lock:
            before = self._pop(head.script_id)
            other_than_lines = _weight_other_than_lines(state, before)
            # Weighed each time: removed ids weigh another amount once one was looked up and all are unpacked.
            lines = state.line_count + state.characters // BYTES_OF_A_LINE + state.retired.weight() // 4
            weight = lines + other_than_lines
            self._states[head.script_id] = Warm(state, head.chain_hash, weight, other_than_lines)
            self._weight += weight
            while self._weight > self._most:
                self._pop(next(iter(self._states)))

    def load(self, tx: ReadsTips, heads: Sequence[Head]) -> list[State | None]:
        """The states at locked heads: cached ones, and the rest read in one round trip and cached.

        None on any inconsistency, which the caller then examines.
        """
        states: list[State | None] = []
        missing: list[tuple[int, Head, Warm | None]] = []
        for head in heads:
            state = self.at_head(head)
            if state is None:
                missing.append((len(states), head, self._take_earlier(head)))
            states.append(state)
        if missing:
            head_deltas = tx.head_deltas.read([_known(head, warm) for _, head, warm in missing])
            for (place, head, warm), head_delta in zip(missing, head_deltas, strict=True):
                state = states[place] = _brought_to_head(head, warm, head_delta)
                if state is not None:
                    # The state at this head is committed, whether or not this transaction commits.
                    self.put(head, state)
        return states

    def forget(self, script_id: int) -> None:
        """Remove a script from the cache."""
        with self._lock:
            self._pop(script_id)

    def _take_earlier(self, head: Head) -> Warm | None:
        """Remove the cached state of a script, and return it if it may lead to the head.

        The caller checks that the log still has its last command.
        """
        with self._lock:
            found = self._pop(head.script_id)
        return found if found is not None and found.state.version < head.version else None

    def _pop(self, script_id: int) -> Warm | None:
        found = self._states.pop(script_id, None)
        if found is not None:
            self._weight -= found.weight
        return found


def _weight_other_than_lines(state: State, before: Warm | None) -> int:
    """The cost of story elements, personas and labels in lines, recomputed only when they changed."""
    if before is not None:
        known = before.state
        if known.elements is state.elements and known.personas is state.personas and known.labels is state.labels:
            return before.other_than_lines
    # Small objects take far more memory than bytes of JSON.
    described = len(state.elements) + len(state.personas) + 10 * described_bytes(state) // BYTES_OF_A_LINE
    return described + len(state.labels) + SCRIPT_WEIGHT


def is_state_of(head: Head, state: State) -> bool:
    """Whether a state is the one its head describes."""
    return state.version == head.version and state_hash_bytes(state.hash) == head.state_hash


def _known(head: Head, warm: Warm | None) -> KnownState:
    """The query for what leads from the cached state to the head."""
    return KnownState(head, None if warm is None else warm.state.version)


def _brought_to_head(head: Head, warm: Warm | None, head_delta: HeadDelta) -> State | None:
    """The state at a head; None on any inconsistency, which the caller then examines."""
    try:
        state = _brought_on(warm, head_delta)
    except Corrupt:
        # After a rebuild the stored versions may legitimately differ from the cached state.
        return None
    return state if state is not None and is_state_of(head, state) else None


def _brought_on(warm: Warm | None, head_delta: HeadDelta) -> State | None:
    if warm is not None:
        # After a restore from backup, the last command of a cached state may not be in the log.
        return advance_all(warm.state, head_delta.deltas) if head_delta.chain_hash == warm.chain_hash else None
    if head_delta.keyframe is None:
        return advance_all(State.empty(), head_delta.deltas)
    keyframe = head_delta.keyframe
    state = decode_keyframe(keyframe.state, keyframe.version, int.from_bytes(keyframe.state_hash, "big"))
    return advance_all(state, head_delta.deltas)
