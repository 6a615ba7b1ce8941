"""Warm states: the last state of the scripts a worker process met, so that most edits read nothing."""

from __future__ import annotations

from collections import OrderedDict

from domain.head import Head
from domain.state import State

MOST_LINES = 200_000
"""About 100 MB of lines in a worker process."""
SCRIPT_WEIGHT = 50
"""What a script costs beside its lines, in lines."""


class WarmStates:
    """A bounded memory of states, the least recently used forgotten first.

    A state is taken out before it is used and put back after COMMIT answered, so what a failure may have left
    half true is never found here. It counts only if version and chain hash match the locked head.
    """

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._most = most_lines
        self._weight = 0
        self._states: OrderedDict[int, tuple[State, bytes]] = OrderedDict()

    def take(self, head: Head) -> State | None:
        """The state at the head, or an earlier one of the same script to go on from; None where nothing is known.

        An earlier state is returned as it is: the caller reads the deltas it lacks and compares the hash.
        """
        found = self._states.pop(head.script_id, None)
        if found is None:
            return None
        state, chain_hash = found
        self._weight -= _weight(state)
        if state.version > head.version or (state.version == head.version and chain_hash != head.chain_hash):
            return None
        return state

    def put(self, head: Head, state: State) -> None:
        """Remember the state at a head that is committed."""
        self.forget(head.script_id)
        self._states[head.script_id] = (state, head.chain_hash)
        self._weight += _weight(state)
        while self._weight > self._most and self._states:
            _, (forgotten, _) = self._states.popitem(last=False)
            self._weight -= _weight(forgotten)

    def forget(self, script_id: int) -> None:
        """Forget one script."""
        found = self._states.pop(script_id, None)
        if found is not None:
            self._weight -= _weight(found[0])


def _weight(state: State) -> int:
    return state.line_count + len(state.retired) // 4 + SCRIPT_WEIGHT
