"""The drain runner: answers a bell in a worker, and recovers when a drain fails, hangs, or kills its process.

A drain has a short time limit: it has also taken the bells of other scripts, and may have locked their heads. A drain
that takes longer, or raises an unexpected error, is retried alone, counted, with more time, and never in all processes
of a node at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from materialization.submissions.drain_pauses import PauseWatch
from materialization.write_path.submit import Ledger
from materialization.write_path.suspects import SuspectsLeft, is_suspect
from workers.draining.drain_log import DrainLog
from workers.draining.suspect_slots import SuspectSlots
from workers.draining.taken_bells import TakenBells
from workers.messaging.bell import Bell
from workers.process import outages
from workers.process.low_priority import run
from workers.process.task_names import DRAIN_DEEP, DRAIN_ONE_BY_ONE

# A drain answers this many bells in addition to its own: their scripts share its round trips and its commit.
MAX_OTHER_BELLS = 15
# Time limits of a drain. A lock of the database is waited for at most 5 s.
SOFT_SECONDS, HARD_SECONDS = 6, 9
# Time limits of a script that is retried alone: more than any submission within the size limits takes.
SUSPECT_SOFT_SECONDS, SUSPECT_HARD_SECONDS = 25, 35
# The delay before a bell for a suspect, so that a queue of nothing but suspects is not a busy loop.
PAUSE_SECONDS = 0.3


class DrainFailedError(Exception):
    """A drain raised an error that no submission should cause; the submission is counted and retried alone."""


class Draining:
    """Runs the drains of one worker process.

    While drains are paused, bells are taken and nothing is answered: `drains resume` and the reconciler ring again.
    """

    def __init__(self, ledger: Ledger, bell: Bell, taken_bells: TakenBells, log: DrainLog, pauses: PauseWatch) -> None:
        self._log = log
        self._pauses = pauses
        self._ledger = ledger
        self._bell = bell
        self._taken_bells = taken_bells

    def drain(self, task_id: str, script_id: int) -> int:
        """Answer the pending submissions of a script, and of others whose bells are queued; return the count."""
        if self._pauses.pause() is not None:
            return 0
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
        """Answer one more batch of a script's pending submissions, alone; return the count."""
        if self._pauses.pause() is not None:
            return 0
        try:
            with self._going_on(task_id, [script_id]):
                done = run(lambda: self._ledger.drain(script_id, batches=1))
        except SuspectsLeft as left:
            return left.answered
        self._ring([script_id] if done.more else [], DRAIN_DEEP)
        return done.answered

    def drain_one_by_one(self, task_id: str, script_id: int, slots: SuspectSlots) -> int:
        """Answer a script's pending submissions, each counted before it is tried; return the count."""
        if self._pauses.pause() is not None:
            return 0
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
        """Ring again for each of these scripts if the block ends in an error that is not a conflict."""
        self._taken_bells.hold(task_id, scripts)
        try:
            with self._log.line():
                yield
            outages.database().answered()
        except Exception as error:
            if is_suspect(error):
                time.sleep(PAUSE_SECONDS)
                self._ring(scripts, next_task(scripts))
            raise _without_memory_error(error) from error

    def _ring(self, scripts: Sequence[int], task: str) -> None:
        for script_id in scripts:
            self._bell.ring(script_id, task)


def next_task(scripts: Sequence[int]) -> str:
    """The task that retries the scripts of a failed drain.

    With several scripts the cause is unknown: each is first drained alone, which needs no suspect slot.
    """
    return DRAIN_ONE_BY_ONE if len(scripts) == 1 else DRAIN_DEEP


def _without_memory_error(error: Exception) -> Exception:
    # When a task raises MemoryError, Celery's main process raises it too, which ends the node.
    return DrainFailedError("MemoryError") if isinstance(error, MemoryError) else error
