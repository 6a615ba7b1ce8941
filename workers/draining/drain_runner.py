"""Draining: what a bell leads to in a worker, and how it goes on where a drain fails, hangs, or ends its process.

A drain has little time: the bells of other scripts are in its hand, and their heads may be locked with its own. What
takes longer, and whatever raised something unexpected, is tried again alone, counted, with more time, and never in
all processes of a node at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from materialization.write_path.submit import Ledger
from materialization.write_path.suspects import SuspectsLeft, is_suspect
from workers.draining.suspect_slots import SuspectSlots
from workers.draining.taken_bells import BellsInHand
from workers.messaging.bell import Bell
from workers.process.low_priority import run
from workers.process.task_names import DRAIN_DEEP, DRAIN_ONE_BY_ONE

MAX_OTHER_BELLS = 15
"""Bells that a drain answers beside its own: their scripts share its round trips and its commit."""
SOFT_SECONDS, HARD_SECONDS = 6, 9
"""The time of a drain. The database is waited for no longer than 5 s for a lock."""
SUSPECT_SOFT_SECONDS, SUSPECT_HARD_SECONDS = 25, 35
"""The time of what is tried alone: more than any submission within the limits takes."""
PAUSE_SECONDS = 0.3
"""Before a suspect is rung for again, so that a queue of nothing else does not turn in circles."""


class DrainFailedError(Exception):
    """A drain met what no submission should raise; what was to blame is counted and tried again alone."""


class Draining:
    """The drains of one worker process."""

    def __init__(self, ledger: Ledger, bell: Bell, in_hand: BellsInHand) -> None:
        self._ledger = ledger
        self._bell = bell
        self._in_hand = in_hand

    def drain(self, task_id: str, script_id: int) -> int:
        """Answer what waits for a script, and for others whose bells lie at hand; how many answers."""
        scripts = [script_id, *self._bell.take(MAX_OTHER_BELLS)]
        with self._going_on(task_id, scripts):
            done = self._ledger.drain_all(scripts)
        self._ring(done.more, DRAIN_DEEP)
        if done.suspects:
            time.sleep(PAUSE_SECONDS)
            self._ring(done.suspects, DRAIN_ONE_BY_ONE)
        if done.failed is not None:
            raise _without_memory_error(done.failed)
        return done.answered

    def drain_deep(self, task_id: str, script_id: int) -> int:
        """Answer one more batch of what waits for a script, by itself; how many answers."""
        try:
            with self._going_on(task_id, [script_id]):
                done = run(lambda: self._ledger.drain(script_id, rounds=1))
        except SuspectsLeft as left:
            return left.answered
        self._ring([script_id] if done.more else [], DRAIN_DEEP)
        return done.answered

    def drain_one_by_one(self, task_id: str, script_id: int, slots: SuspectSlots) -> int:
        """Answer what waits for a script, each submission counted before it is tried; how many answers."""
        with slots.take() as free:
            if free:
                with self._going_on(task_id, [script_id]):
                    done = self._ledger.drain_one_by_one(script_id)
                self._ring([script_id] if done.more else [], DRAIN_DEEP)
                return done.answered
        time.sleep(PAUSE_SECONDS)
        self._ring([script_id], DRAIN_ONE_BY_ONE)
        return 0

    @contextmanager
    def _going_on(self, task_id: str, scripts: Sequence[int]) -> Iterator[None]:
        """Ring for every one of some scripts again where the block ends in what is neither answer nor conflict."""
        self._in_hand.hold(task_id, scripts)
        try:
            yield
        except Exception as error:
            if is_suspect(error):
                time.sleep(PAUSE_SECONDS)
                self._ring(scripts, next_task(scripts))
            raise _without_memory_error(error) from error

    def _ring(self, scripts: Sequence[int], task: str) -> None:
        for script_id in scripts:
            self._bell.ring(script_id, task)


def next_task(scripts: Sequence[int]) -> str:
    """What goes on with the scripts of a drain that ended in none of its answers.

    Of several nobody knows which is to blame: each is drained alone first, for the others need no slot of suspects.
    """
    return DRAIN_ONE_BY_ONE if len(scripts) == 1 else DRAIN_DEEP


def _without_memory_error(error: Exception) -> Exception:
    # Celery's main process raises that itself when a task does, which ends the node.
    return DrainFailedError("MemoryError") if isinstance(error, MemoryError) else error
