"""The entry point of the write path, for the inbox and for submissions made in process.

drain(script)       bell → lock the head → answer pending submissions → commit → re-check the inbox
submit(submission)  the same, but waits for the lock and answers one more submission
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar

from domain.errors import Conflict, Corrupt
from domain.script.work_limit import WorkCount
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission
from materialization.clock import system_clock
from materialization.integrity.quarantine import quarantine
from materialization.integrity.second_look import look_twice
from materialization.retry import with_retries
from materialization.submissions.drain_pauses import PauseWatch
from materialization.submissions.in_process_check import checked
from materialization.write_path.ai_limits import USUAL, AiLimits
from materialization.write_path.group_commit import GroupCommit
from materialization.write_path.settlement import MAX_UNIT_WORK, Settlement
from materialization.write_path.single_script import SingleScript
from materialization.write_path.suspects import SuspectsLeft, is_suspect, waited_for_others
from materialization.write_path.warm_states import WarmStates
from repos.database.driver_errors import HeadLocked
from repos.submissions.inbox import MAX_INBOX_BATCH
from repos.unit_of_work import UnitOfWork

T = TypeVar("T")

# Units of work a drain runs before it yields the worker to another script.
MAX_BATCHES_PER_DRAIN = 3


class Drained(NamedTuple):
    """How many submissions a drain answered, and whether some are pending that no worker handles."""

    answered: int
    more: bool


class DrainedAll(NamedTuple):
    """How many submissions were answered, and the scripts with pending submissions that no worker handles.

    `failed` is the last exception a drain raised. Each script in `suspects` has a pending submission that raised an
    unexpected exception: the attempt was counted, and it is to be retried.
    """

    answered: int
    more: tuple[int, ...]
    failed: Exception | None = None
    suspects: tuple[int, ...] = ()


class Ledger:
    """The write side: every version is created here."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        warm: WarmStates | None = None,
        clock: Callable[[], int] = system_clock,
        limits: AiLimits = USUAL,
        time_is_up: tuple[type[Exception], ...] = (),
    ) -> None:
        # Raised when a drain exceeds its time limit. If set, drains leave what was tried before to `drain_one_by_one`.
        self._time_is_up = time_is_up
        # Called with a script whose submissions outlived a bell, and whose head another transaction holds.
        self.report_locked: Callable[[int], object] = bool
        # Set where the pause of drains also holds up submissions made in process.
        self.pauses: PauseWatch | None = None
        self._unit_of_work = unit_of_work
        self._warm = WarmStates() if warm is None else warm
        self._clock = clock
        self._single_script = SingleScript(unit_of_work, self._warm, clock, limits)
        self._group_commit = GroupCommit(unit_of_work, self._warm, clock, limits, self._single_script.listeners)

    def report_to(self, settled: Callable[[Settlement], object]) -> None:
        """Call another function with each unit of work once its COMMIT is answered. It must not raise."""
        self._single_script.listeners.append(settled)

    def drain_all(self, script_ids: Iterable[int]) -> DrainedAll:
        """Answer the pending submissions of several scripts: in one unit of work if possible, else one by one.

        A failure of one script does not affect the others.
        """
        left = list(dict.fromkeys(script_ids))
        # One batch per script: otherwise the others would wait while the deepest inbox used all of its batches.
        batches = 1 if len(left) > 1 else MAX_BATCHES_PER_DRAIN
        answered = 0
        spent = WorkCount(limit=None)
        if len(left) > 1:
            answered, left = self._drain_group(left, spent)
        more: list[int] = []
        suspects: list[int] = []
        failed: Exception | None = None
        for script_id in left:
            if spent.units >= MAX_UNIT_WORK:
                more.append(script_id)
                continue
            try:
                done = self.drain(script_id, batches=batches, spent=spent)
            except self._time_is_up:
                raise
            except SuspectsLeft as left_there:
                answered += left_there.answered
                suspects.append(script_id)
                continue
            except Exception as error:  # it affects only this script
                failed = error
                suspects += [script_id] if is_suspect(error) else []
                continue
            answered += done.answered
            more += [script_id] if done.more else []
        return DrainedAll(answered, tuple(more), failed, tuple(suspects))

    def drain(self, script_id: int, *, batches: int = MAX_BATCHES_PER_DRAIN, spent: WorkCount | None = None) -> Drained:
        """Answer the pending submissions of a script in at most `batches` units of work.

        It starts no other after MAX_UNIT_WORK; `spent` includes the work of earlier drains in the same task.

        A head locked by another worker is left to that worker, which re-checks the inbox after its commit.

        Raises:
            Conflict: every attempt met one; the submissions stay pending.
            Corrupt: the script is quarantined; its submissions stay pending.
            Exception: a submission raised an unexpected one; the attempt was counted, and the others are answered.
            SuspectsLeft: time is limited, and submissions that were tried before are left to `drain_one_by_one`.
        """
        answered = 0
        spent = spent or WorkCount(limit=None)
        try:
            for _ in range(batches):
                found = self._look_twice(script_id, lambda: self._single_script.drain(script_id))
                answered += found.answered
                spent.add(found.work)
                if found.suspects:
                    self._leave_suspects(answered)
                    break
                if not found.more or spent.units >= MAX_UNIT_WORK:
                    return Drained(answered, found.more)
            else:
                return Drained(answered, more=True)
        except HeadLocked:
            return Drained(answered, more=False)
        except Corrupt as found:
            self.quarantine(script_id, str(found))
            raise
        except Exception as error:
            if isinstance(error, (SuspectsLeft, *self._time_is_up)) or not is_suspect(error):
                raise
            self._leave_suspects(answered, error)
        # One of these submissions is too much for the database or the worker: it must not harm the others.
        done = self.drain_one_by_one(script_id, spent)
        return Drained(answered + done.answered, done.more)

    def drain_one_by_one(self, script_id: int, spent: WorkCount | None = None) -> Drained:
        """Answer one batch of pending submissions, each in its own unit of work, its attempt counted beforehand.

        For submissions still pending after a bell, or that broke a batch. One that crashes its worker every time is
        refused as poison after five attempts, and does not block those after it. An attempt that failed for another
        reason is not counted.

        Raises:
            Conflict: every attempt met one; the submissions stay pending.
            Corrupt: the script is quarantined; its submissions stay pending.
            Exception: one was too much for the database or this program, and stays pending with its attempt counted;
                the others are answered.
        """
        answered = 0
        spent = spent or WorkCount(limit=None)
        failed: Exception | None = None
        arrivals = self._arrivals(script_id)
        more = False
        for arrival in arrivals:
            if more := spent.units >= MAX_UNIT_WORK:
                break
            try:
                self._count_attempt(arrival)
                found = self._look_twice(script_id, partial(self._single_script.drain, script_id, arrival))
                answered += found.answered
                spent.add(found.work)
            except HeadLocked:
                self._take_back_attempt(arrival)
                self.report_locked(script_id)
                return Drained(answered, more=False)
            except Conflict:
                # Perhaps it was not counted: one too few costs a retry, one too many may refuse a valid submission.
                self._take_back_attempt(arrival)
                raise
            except Corrupt as contradiction:
                self._take_back_attempt(arrival)
                self.quarantine(script_id, str(contradiction))
                raise
            except self._time_is_up as error:
                if waited_for_others(error):
                    self._take_back_attempt(arrival)
                raise
            except Exception as error:
                if not is_suspect(error):
                    self._take_back_attempt(arrival)
                    raise
                failed = error
        if failed is not None:
            raise failed
        return Drained(answered, more or len(arrivals) == MAX_INBOX_BATCH)

    def submit(self, submission: Submission) -> Answer:
        """Answer a submission in process: wait for the lock, answer the pending ones first, then this one.

        Raises:
            Rejected: the submission is not valid in itself, or its id was already used for other content.
            DrainsPaused: drains are paused; nothing was written.
            Conflict: every attempt met one. Whether the last was committed may be unknown: submit it again.
            Corrupt: the script is quarantined.
        """
        submission, payload = checked(submission)
        if self.pauses is not None:
            self.pauses.require_running()
        work = partial(self._submit_with_retries, submission, payload)
        try:
            answer, more = self._look_twice(submission.script_id, work)
        except Corrupt as found:
            self.quarantine(submission.script_id, str(found))
            raise
        if more:
            self._drain_new_arrivals(submission.script_id)
        return answer

    def quarantine(self, script_id: int, reason: str) -> None:
        """Quarantine a script: it takes no edits until it is repaired."""
        self._warm.forget(script_id)
        quarantine(self._unit_of_work, script_id, found_by="drain", reason=reason, now=self._clock())

    def _leave_suspects(self, answered: int, error: Exception | None = None) -> None:
        if self._time_is_up:
            raise SuspectsLeft(answered) from error

    def _drain_group(self, script_ids: list[int], spent: WorkCount) -> tuple[int, list[int]]:
        try:
            answered, left, work = self._group_commit.drain(script_ids)
        except self._time_is_up:
            raise
        except Exception:
            # The script that caused it fails again when drained alone; the others do not.
            return 0, script_ids
        spent.add(work)
        return answered, left

    def _look_twice(self, script_id: int, work: Callable[[], T]) -> T:
        return look_twice(self._unit_of_work, script_id, lambda: with_retries(work), forget=self._warm.forget)

    def _arrivals(self, script_id: int) -> list[int]:
        """The pending inbox rows of a script; none if it is quarantined."""
        with self._unit_of_work.reading() as tx:
            head = tx.heads.get(script_id)
            quarantined = head is not None and head.health == "quarantined"
            return [] if quarantined else tx.inbox.arrivals(script_id)

    def _count_attempt(self, arrival: int) -> None:
        # Without autocommit, which would count the attempt of a worker that was killed while it waited for the row.
        with self._unit_of_work.records() as tx:
            tx.inbox.count_attempt(arrival)

    def _take_back_attempt(self, arrival: int) -> None:
        with self._unit_of_work.records() as tx:
            tx.inbox.take_back_attempt(arrival)

    def _submit_with_retries(self, submission: Submission, payload: bytes) -> tuple[Answer, bool]:
        try:
            return self._submit_once(submission, payload)
        except Exception as error:
            if isinstance(error, self._time_is_up) or not is_suspect(error):
                raise
            # An earlier pending submission may be the cause: its attempt is counted, and this submission overtakes it.
            with suppress(Exception):
                self.drain_one_by_one(submission.script_id)
            return self._submit_once(submission, payload)

    def _submit_once(self, submission: Submission, payload: bytes) -> tuple[Answer, bool]:
        while True:
            answer, more = self._single_script.submit(submission, payload)
            if answer is not None:
                return answer, more

    def _drain_new_arrivals(self, script_id: int) -> None:
        """Drain submissions that arrived while we held the head lock; errors here do not affect the answer."""
        with suppress(Exception):
            work = 0
            for _ in range(MAX_BATCHES_PER_DRAIN):
                done = with_retries(partial(self._single_script.drain, script_id))
                work += done.work
                if not done.more or not done.answered or work >= MAX_UNIT_WORK:
                    return
