"""Submit: the one way into the log, from the inbox or in process.

drain(script)       bell → lock the head → settle what waits → commit → look once more
submit(submission)  the same, waiting for the lock, with one submission more
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeVar

from domain.errors import Conflict, Corrupt
from domain.script.work_limit import WorkCount
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, encode_submission
from materialization.clock import system_clock
from materialization.integrity.quarantine import quarantine
from materialization.integrity.second_look import look_twice
from materialization.retry import with_retries
from materialization.submissions.in_process_check import checked
from materialization.write_path.ai_limits import USUAL, AiLimits
from materialization.write_path.group_commit import GroupCommit
from materialization.write_path.settlement import MAX_UNIT_WORK
from materialization.write_path.single_script import SingleScript
from materialization.write_path.suspects import SuspectsLeft, is_suspect, waited_for_others
from materialization.write_path.warm_states import WarmStates
from repos.database.driver_errors import HeadLocked
from repos.submissions.inbox import MAX_INBOX_BATCH
from repos.unit_of_work import UnitOfWork

T = TypeVar("T")

MAX_BATCHES_PER_DRAIN = 3
"""Units of work a drain does before it lets another script have the worker."""


class Drained(NamedTuple):
    """How many submissions a drain answered, and whether some wait on that nobody works on."""

    answered: int
    more: bool


class DrainedAll(NamedTuple):
    """How many submissions were answered, and the scripts for which some wait on that nobody works on.

    `failed` is what the last `drain` raised that did. For each of the `suspects` something waits that raised what is
    nobody's answer: it was counted, and is to be tried again.
    """

    answered: int
    more: tuple[int, ...]
    failed: Exception | None = None
    suspects: tuple[int, ...] = ()


class _Submitted(NamedTuple):
    """The answer to a submission, and whether something waits now."""

    answer: Answer
    more: bool


class Ledger:
    """The write side: every version there is was made here."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        warm: WarmStates | None = None,
        clock: Callable[[], int] = system_clock,
        limits: AiLimits = USUAL,
        time_is_up: tuple[type[Exception], ...] = (),
    ) -> None:
        # What a worker raises in a drain that takes too long: it ends the drain. With it, drains leave what was tried
        # before to `drain_one_by_one`, for which there is more time.
        self._time_is_up = time_is_up
        self._unit_of_work = unit_of_work
        self._warm = WarmStates() if warm is None else warm
        self._clock = clock
        self._rounds = SingleScript(unit_of_work, self._warm, clock, limits)
        self._together = GroupCommit(unit_of_work, self._warm, clock, limits)

    def drain_all(self, script_ids: Iterable[int]) -> DrainedAll:
        """Answer what waits for several scripts: in one unit of work where that goes smoothly, else each alone.

        What is in the way of one of them is in nobody else's.
        """
        left = list(dict.fromkeys(script_ids))
        # Among others none has more than one turn: they would wait while the deepest of them had all of its.
        rounds = 1 if len(left) > 1 else MAX_BATCHES_PER_DRAIN
        answered = 0
        spent = WorkCount(limit=None)
        if len(left) > 1:
            answered, left = self._settle_together(left, spent)
        more: list[int] = []
        suspects: list[int] = []
        failed: Exception | None = None
        for script_id in left:
            if spent.units >= MAX_UNIT_WORK:
                more.append(script_id)
                continue
            try:
                done = self.drain(script_id, rounds=rounds, spent=spent)
            except self._time_is_up:
                raise
            except SuspectsLeft as left_there:
                answered += left_there.answered
                suspects.append(script_id)
                continue
            except Exception as error:
                # Whatever it is, it is in the way of this script only.
                failed = error
                suspects += [script_id] if is_suspect(error) else []
                continue
            answered += done.answered
            more += [script_id] if done.more else []
        return DrainedAll(answered, tuple(more), failed, tuple(suspects))

    def drain(self, script_id: int, *, rounds: int = MAX_BATCHES_PER_DRAIN, spent: WorkCount | None = None) -> Drained:
        """Answer what waits for a script, in at most three units of work, or so many.

        After MAX_UNIT_WORK it takes no other; `spent` counts on from other drains of the same task.

        A head that another worker holds is left to it: it looks again after its commit.

        Raises:
            Conflict: every attempt met one; the submissions wait on.
            Corrupt: the script is quarantined; the submissions wait on.
            Exception: something raised what nobody expects; it was counted, and the other submissions are answered.
            SuspectsLeft: what was tried before waits for `drain_one_by_one`, where time is limited.
        """
        answered = 0
        spent = spent or WorkCount(limit=None)
        try:
            for _ in range(rounds):
                found = self._look_twice(script_id, partial(self._rounds.settle, script_id))
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
        # One of these submissions is more than the database, or than its worker, takes: it must not harm the others.
        done = self.drain_one_by_one(script_id, spent)
        return Drained(answered + done.answered, done.more)

    def drain_one_by_one(self, script_id: int, spent: WorkCount | None = None) -> Drained:
        """Answer one batch of what waits, each submission in a unit of work of its own and counted beforehand.

        For what outlived a bell or broke a batch. A submission that ends its worker every time is refused as
        poison after five attempts, and does not stop those behind it. What was not to blame is not counted.

        Raises:
            Conflict: every attempt met one; the submissions wait on.
            Corrupt: the script is quarantined; the submissions wait on.
            Exception: one of them was more than the database or this program takes, and waits on, counted; the others
                are answered.
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
                found = self._look_twice(script_id, partial(self._rounds.settle, script_id, arrival))
                answered += found.answered
                spent.add(found.work)
            except HeadLocked:
                self._take_back_attempt(arrival)
                return Drained(answered, more=False)
            except Conflict:
                # Perhaps it was not even counted: one attempt too few costs a try, one too many refuses an innocent.
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
        """Answer a submission in process: wait for the lock, drain what waits first, then this one.

        Raises:
            Rejected: the submission is not valid in itself, or its id was answered with other content.
            Conflict: every attempt met one. Whether the last was recorded may be unknown: submit it again.
            Corrupt: the script is quarantined.
        """
        submission = checked(submission)
        try:
            done = self._look_twice(submission.script_id, partial(self._submit_again, submission))
        except Corrupt as found:
            self.quarantine(submission.script_id, str(found))
            raise
        if done.more:
            self._drain_what_rang(submission.script_id)
        return done.answer

    def quarantine(self, script_id: int, reason: str) -> None:
        """Take a script out of service: it takes no edits until it is mended."""
        self._warm.forget(script_id)
        quarantine(self._unit_of_work, script_id, found_by="drain", reason=reason, now=self._clock())

    def _leave_suspects(self, answered: int, error: Exception | None = None) -> None:
        if self._time_is_up:
            raise SuspectsLeft(answered) from error

    def _settle_together(self, script_ids: list[int], spent: WorkCount) -> tuple[int, list[int]]:
        try:
            answered, left, work = self._together.settle(script_ids)
        except self._time_is_up:
            raise
        except Exception:
            # Whatever was in the way is met again by the script it concerns, and by no other.
            return 0, script_ids
        spent.add(work)
        return answered, left

    def _look_twice(self, script_id: int, work: Callable[[], T]) -> T:
        return look_twice(self._unit_of_work, script_id, partial(with_retries, work), forget=self._warm.forget)

    def _arrivals(self, script_id: int) -> list[int]:
        """What waits for a script that is in service."""
        with self._unit_of_work.reading() as tx:
            head = tx.heads.get(script_id)
            quarantined = head is not None and head.health == "quarantined"
            return [] if quarantined else tx.inbox.arrivals(script_id, tried_last=bool(self._time_is_up))

    def _count_attempt(self, arrival: int) -> None:
        # Not as a statement that is its own transaction: of a worker that is killed while it waits for the row, the
        # server would count the attempt all the same.
        with self._unit_of_work.records() as tx:
            tx.inbox.count_attempt(arrival)

    def _take_back_attempt(self, arrival: int) -> None:
        with self._unit_of_work.records() as tx:
            tx.inbox.take_back_attempt(arrival)

    def _submit_again(self, submission: Submission) -> _Submitted:
        try:
            return self._submit(submission)
        except Exception as error:
            if isinstance(error, self._time_is_up) or not is_suspect(error):
                raise
            # Perhaps for what waits in front of it: that is then counted, and the submission overtakes it.
            with suppress(Exception):
                self.drain_one_by_one(submission.script_id)
            return self._submit(submission)

    def _submit(self, submission: Submission) -> _Submitted:
        payload = encode_submission(submission)
        while True:
            answer, more = self._rounds.submit(submission, payload)
            if answer is not None:
                return _Submitted(answer, more)

    def _drain_what_rang(self, script_id: int) -> None:
        """Whoever rang while the head was held here left what waits to us; nothing of it touches the answer."""
        with suppress(Exception):
            work = 0
            for _ in range(MAX_BATCHES_PER_DRAIN):
                done = with_retries(partial(self._rounds.settle, script_id))
                work += done.work
                if not done.more or not done.answered or work >= MAX_UNIT_WORK:
                    return
