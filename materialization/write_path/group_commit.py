"""Group commit: one transaction for the pending submissions of several scripts, sharing round trips and commit.

Only the simple case is batched: unlocked heads, healthy scripts, first attempts. Everything else, and everything after
any error, is drained one script at a time, as if this had not been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from domain.script.state import State
from materialization.write_path.ai_limits import AiLimits
from materialization.write_path.settlement import (
    MAX_BYTES_PER_TRANSACTION,
    MAX_COMMANDS_PER_TRANSACTION,
    MAX_UNIT_WORK,
    Settlement,
)
from materialization.write_path.warm_states import WarmStates
from repos.database.driver_errors import InboxTooDeep
from repos.fault_points import fault_point
from repos.locked_scripts import LockedScript, LockedScripts
from repos.unit_of_work import UnitOfWork


class GroupResult(NamedTuple):
    """How many submissions were answered, which scripts remain to be drained one by one, and the work units spent."""

    answered: int
    left: list[int]
    work: int = 0


class GroupCommit:
    """Drains several scripts per unit of work."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        warm: WarmStates,
        clock: Callable[[], int],
        limits: AiLimits,
        listeners: Sequence[Callable[[Settlement], object]],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._warm = warm
        self._clock = clock
        self._limits = limits
        self._listeners = listeners

    def drain(self, script_ids: Sequence[int]) -> GroupResult:
        """Answer the pending submissions of several scripts in one transaction; one with too deep an inbox is left.

        Raises:
            Conflict, Corrupt, DriverError: nothing was changed.
        """
        try:
            return self._drain(script_ids)
        except InboxTooDeep as deep:
            others = [script_id for script_id in script_ids if script_id != deep.script_id]
            answered, left, work = self.drain(others) if others else GroupResult(0, [])
            return GroupResult(answered, [*left, deep.script_id], work)

    def _drain(self, script_ids: Sequence[int]) -> GroupResult:
        with self._unit_of_work.scripts(script_ids) as tx:
            works = [work for work in tx.works if _is_plain(work)]
            states = self._states(tx, [work for work in works if work.waiting])
            settlements = self._settlements(works, states)
        for settlement in settlements.values():
            self._warm.put(settlement.head, settlement.state)
            for listener in self._listeners:
                listener(settlement)
        quiet = {work.script_id for work in works if not work.more and not work.waiting}
        done = {
            work.script_id
            for work in works
            if not work.more and (found := settlements.get(work.script_id)) and len(found.done) == len(work.waiting)
        }
        answered = sum(len(settlement.done) for settlement in settlements.values())
        work = sum(settlement.work for settlement in settlements.values())
        return GroupResult(answered, [script_id for script_id in script_ids if script_id not in quiet | done], work)

    def _settlements(self, works: list[LockedScript], states: dict[int, State]) -> dict[int, Settlement]:
        settlements: dict[int, Settlement] = {}
        commands = size = spent = 0
        now = self._clock()
        for work in works:
            state = states.get(work.script_id)
            if (
                state is None
                or commands >= MAX_COMMANDS_PER_TRANSACTION
                or size >= MAX_BYTES_PER_TRANSACTION
                or spent >= MAX_UNIT_WORK
            ):
                continue
            settlement = Settlement(work, state, now, limits=self._limits)
            settlement.apply_inbox(work.waiting)
            settlement.write()
            settlements[work.script_id] = settlement
            commands += settlement.head.version - work.head.version
            size += settlement.weight
            spent += settlement.work
        return settlements

    def _states(self, tx: LockedScripts, works: list[LockedScript]) -> dict[int, State]:
        """The states at the heads, except those that need the slow path."""
        fault_point("before state warmed")
        loaded = self._warm.load(tx, [work.head for work in works])
        fault_point("after state warmed")
        return {work.script_id: state for work, state in zip(works, loaded, strict=True) if state is not None}


def _is_plain(work: LockedScript) -> bool:
    tried = any(row.attempts for row in work.waiting)
    return work.head.version > 0 and work.head.health == "open" and not tried
