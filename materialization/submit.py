"""Submit: the one way into the log, from the inbox or in process.

drain(script)       bell → lock the head → settle what waits → commit → look once more
submit(submission)  the same, waiting for the lock, with one submission more
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from domain.answer import Answer
from domain.errors import Corrupt
from domain.refusals import SameIdOtherContent
from domain.state import State
from domain.submission import Submission, content_hash, decode_submission, encode_submission
from materialization.again import again
from materialization.history import catch_up, load
from materialization.settle import Settlement
from materialization.warm import WarmStates
from repos.failures import DriverError, DuplicateKey, HeadLocked
from repos.heads import MOST_WAITING
from repos.unit_of_work import ScriptWork, UnitOfWork

ROUNDS = 3
"""Units of work a drain does before it lets another script have the worker."""


class Drained(NamedTuple):
    """How many submissions a drain answered, and whether some wait on that nobody works on."""

    answered: int
    more: bool


def system_clock() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


class Ledger:
    """The write side: every version there is was made here."""

    def __init__(
        self, unit_of_work: UnitOfWork, *, warm: WarmStates | None = None, clock: Callable[[], int] = system_clock
    ) -> None:
        self._unit_of_work = unit_of_work
        self._warm = WarmStates() if warm is None else warm
        self._clock = clock

    def drain(self, script_id: int) -> Drained:
        """Answer what waits for a script, in at most three units of work.

        A head that another worker holds is left to it: it looks again after its commit.

        Raises:
            Conflict: every attempt met one; the submissions wait on.
            Corrupt: the script is quarantined; the submissions wait on.
        """
        answered = 0
        more = True
        try:
            for _ in range(ROUNDS):
                settled, more = again(partial(self._settle, script_id))
                answered += settled
                if not more:
                    break
        except HeadLocked:
            return Drained(answered, more=False)
        except Corrupt:
            self.quarantine(script_id)
            raise
        except DriverError:
            # One of these submissions is more than the database takes: it must not harm the others.
            return Drained(answered + self.drain_one_by_one(script_id), more=False)
        return Drained(answered, more)

    def drain_one_by_one(self, script_id: int) -> int:
        """Answer what waits, each submission in a unit of work of its own and counted beforehand; how many.

        For what outlived a bell or broke a batch. A submission that ends its worker every time is refused as
        poison after five attempts, and does not stop those behind it.
        """
        answered = 0
        with self._unit_of_work.reading() as tx:
            arrivals = tx.inbox.arrivals(script_id)
        for arrival in arrivals:
            with self._unit_of_work.records() as records:
                records.inbox.count_attempt(arrival)
            try:
                answered += again(partial(self._settle, script_id, arrival))[0]
            except HeadLocked:
                break
            except DriverError:
                continue
            except Corrupt:
                self.quarantine(script_id)
                raise
        return answered

    def submit(self, submission: Submission) -> Answer:
        """Answer a submission in process: wait for the lock, drain what waits first, then this one.

        Raises:
            Rejected: the submission is not valid in itself, or its id was answered with other content.
            Conflict: every attempt met one; nothing is recorded.
            Corrupt: the script is quarantined.
        """
        submission = decode_submission(encode_submission(submission))
        try:
            return again(partial(self._submit, submission))
        except Corrupt:
            self.quarantine(submission.script_id)
            raise

    def quarantine(self, script_id: int) -> None:
        """Take a script out of service: it takes no edits until it is mended."""
        self._warm.forget(script_id)
        with self._unit_of_work.script(script_id, wait=True) as tx:
            if tx.head.version:
                tx.heads.set_health(script_id, "quarantined")
            else:
                tx.heads.remove_unborn(script_id)

    def _settle(self, script_id: int, only: int | None = None) -> tuple[int, bool]:
        with self._unit_of_work.script(script_id) as tx:
            quarantined = tx.head.health == "quarantined"
            rows = [] if quarantined else [row for row in tx.waiting if only in (None, row.id)]
            settlement = Settlement(tx, self._state(tx) if rows else State.empty(), self._clock())
            if rows:
                settlement.settle_waiting(rows)
                settlement.write()
            elif not tx.head.version:
                tx.heads.remove_unborn(script_id)
        if rows and settlement.state.exists:
            self._warm.put(settlement.head, settlement.state)
        return len(settlement.done), tx.more and not quarantined

    def _submit(self, submission: Submission) -> Answer:
        answer = None
        while answer is None:
            try:
                answer = self._submit_behind_waiting(submission)
            except DuplicateKey:
                return self._answered_before(submission)
        return answer

    def _submit_behind_waiting(self, submission: Submission) -> Answer | None:
        """One unit of work: what waits first, then the submission if there was room for it."""
        with self._unit_of_work.script(submission.script_id, wait=True) as tx:
            if tx.head.health == "quarantined":
                raise Corrupt(f"script {submission.script_id} is quarantined")
            settlement = Settlement(tx, self._state(tx), self._clock())
            settlement.settle_waiting(tx.waiting)
            waits_too = any(row.submission_id == submission.submission_id for row in tx.waiting)
            if not waits_too and len(settlement.done) == len(tx.waiting) < MOST_WAITING:
                settlement.settle(submission)
            settlement.write()
        if settlement.state.exists:
            self._warm.put(settlement.head, settlement.state)
        return self._answered_before(submission) if waits_too else settlement.answers.get(submission.submission_id)

    def _answered_before(self, submission: Submission) -> Answer:
        with self._unit_of_work.reading() as tx:
            found = tx.submissions.get(submission.script_id, submission.submission_id)
        if found is None:
            raise DuplicateKey(f"submission {submission.submission_id} is being answered by another worker")
        if found.content_hash != content_hash(submission):
            raise SameIdOtherContent(submission=submission.submission_id)
        return found.answer

    def _state(self, tx: ScriptWork) -> State:
        if tx.head.version == 0:
            return State.empty()
        warm = self._warm.take(tx.head)
        return load(tx, tx.head, tx.head.version) if warm is None else catch_up(tx, tx.head, warm, tx.head.version)
