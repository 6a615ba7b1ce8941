"""Warm states: the last state of the scripts a worker process met, so that most edits read nothing."""

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

MAX_WARM_LINES = 200_000
"""About 100 MB of lines in a worker process."""
SCRIPT_WEIGHT = 50
"""What a script costs beside its lines, in lines."""


BYTES_OF_A_LINE = 500
"""What a line of usual length takes in memory: so much text, or JSON, counts as one line more."""


class Warm(Struct, frozen=True, gc=False):
    """A state, the chain hash of the command that led to it, and what it costs to remember, in lines.

    `beside_lines` is the part of it that is for neither lines nor removed ids; keystrokes leave it as it is.
    """

    state: State
    chain_hash: bytes
    weight: int
    beside_lines: int


class WarmStates:
    """A bounded memory of states, the least recently used forgotten first.

    Only states of committed heads are put in: the one a unit of work starts from, and after COMMIT answered the one
    it led to. A state counts only if version and chain hash match the locked head.
    """

    def __init__(self, most_lines: int = MAX_WARM_LINES) -> None:
        self._most = most_lines
        self._weight = 0
        self._states: OrderedDict[int, Warm] = OrderedDict()
        self._lock = Lock()

    def take(self, head: Head) -> Warm | None:
        """The state at the head, or an earlier one of the same script to go on from; None where nothing is known.

        Of an earlier state the caller asks the log whether its command is still there, and reads the deltas it lacks.
        Only the state at the head is remembered further: of any other nobody knows yet whether it still is of this log.
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
        """Remember the state at a head that is committed."""
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
        """Forget one script."""
        with self._lock:
            self._pop(script_id)

    def _pop(self, script_id: int) -> Warm | None:
        found = self._states.pop(script_id, None)
        if found is not None:
            self._weight -= found.weight
        return found


def _weight_beside_lines(state: State, before: Warm | None) -> int:
    """In lines; looked at again only where something was added, changed or removed."""
    if before is not None:
        known = before.state
        if known.elements is state.elements and known.personas is state.personas and known.labels is state.labels:
            return before.beside_lines
    # Small objects take far more memory than bytes of JSON.
    described = len(state.elements) + len(state.personas) + 10 * described_bytes(state) // BYTES_OF_A_LINE
    return described + len(state.labels) + SCRIPT_WEIGHT


def is_at_head(head: Head, warm: Warm | None) -> bool:
    """Whether nothing needs to be read."""
    return warm is not None and warm.state.version == head.version


def known(head: Head, warm: Warm | None) -> KnownState:
    """What to ask the tips of a script for."""
    return KnownState(head, None if warm is None else warm.state.version)


def brought_to_head(head: Head, warm: Warm | None, tip: HeadDelta) -> State | None:
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


def _brought_on(warm: Warm | None, tip: HeadDelta) -> State | None:
    if warm is not None:
        # After a backup was restored, the command behind a warm state may not be in the log.
        return advance_all(warm.state, tip.deltas) if tip.chain_hash == warm.chain_hash else None
    if tip.keyframe is None:
        return advance_all(State.empty(), tip.deltas)
    keyframe = tip.keyframe
    state = decode_keyframe(keyframe.state, keyframe.version, int.from_bytes(keyframe.state_hash, "big"))
    return advance_all(state, tip.deltas)
