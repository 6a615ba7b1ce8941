"""Submit: the one way into the log, from the inbox or in process.

drain(script)       bell → lock the head → settle what waits → commit → look once more
submit(submission)  the same, waiting for the lock, with one submission more
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import NamedTuple

from domain.answer import Answer
from domain.errors import Conflict, Corrupt
from domain.hashing import state_hash_bytes
from domain.refusals import LoneSurrogate, SameIdOtherContent
from domain.state import State
from domain.submission import Submission, content_hash, decode_submission, encode_submission
from materialization.again import again
from materialization.history import catch_up, load
from materialization.settle import Settlement
from materialization.warm import Warm, WarmStates
from repos.failures import DriverError, DuplicateKey, HeadLocked, blames_a_row
from repos.heads import MOST_WAITING, Waiting
from repos.phases import reached
from repos.unit_of_work import RecordsWork, ScriptWork, UnitOfWork

ROUNDS = 3
"""Units of work a drain does before it lets another script have the worker."""


class Drained(NamedTuple):
    """How many submissions a drain answered, and whether some wait on that nobody works on."""

    answered: int
    more: bool


def system_clock() -> int:
    """Now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


class _Round(NamedTuple):
    """One unit of work of a drain: whether more waits, and whether some of it must be taken one by one."""

    answered: int
    more: bool
    suspects: bool


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
        try:
            for _ in range(ROUNDS):
                found = again(partial(self._settle, script_id))
                answered += found.answered
                if found.suspects:
                    break
                if not found.more:
                    return Drained(answered, more=False)
            else:
                return Drained(answered, more=True)
        except HeadLocked:
            return Drained(answered, more=False)
        except Corrupt:
            self.quarantine(script_id)
            raise
        except DriverError as error:
            if not blames_a_row(error):
                raise
        # One of these submissions is more than the database, or than its worker, takes: it must not harm the others.
        return Drained(answered + self.drain_one_by_one(script_id), more=False)

    def drain_one_by_one(self, script_id: int) -> int:
        """Answer what waits, each submission in a unit of work of its own and counted beforehand; how many.

        For what outlived a bell or broke a batch. A submission that ends its worker every time is refused as
        poison after five attempts, and does not stop those behind it. What was not to blame is not counted.

        Raises:
            Conflict: every attempt met one; the submissions wait on.
            Corrupt: the script is quarantined; the submissions wait on.
            DriverError: the database refused a row of one of them, which waits on; the others are answered.
        """
        answered = 0
        refused: Exception | None = None
        for arrival in self._arrivals(script_id):
            self._count_attempt(arrival)
            try:
                answered += again(partial(self._settle, script_id, arrival)).answered
            except HeadLocked:
                self._take_back_attempt(arrival)
                break
            except Conflict:
                self._take_back_attempt(arrival)
                raise
            except Corrupt:
                self._take_back_attempt(arrival)
                self.quarantine(script_id)
                raise
            except DriverError as error:
                if not blames_a_row(error):
                    self._take_back_attempt(arrival)
                    raise
                refused = error
        if refused is not None:
            raise refused
        return answered

    def submit(self, submission: Submission) -> Answer:
        """Answer a submission in process: wait for the lock, drain what waits first, then this one.

        Raises:
            Rejected: the submission is not valid in itself, or its id was answered with other content.
            Conflict: every attempt met one. Whether the last was recorded may be unknown: submit it again.
            Corrupt: the script is quarantined.
        """
        submission = _checked(submission)
        try:
            return self._submit_again(submission)
        except Corrupt:
            self.quarantine(submission.script_id)
            raise

    def quarantine(self, script_id: int) -> None:
        """Take a script out of service: it takes no edits until it is mended."""
        self._warm.forget(script_id)
        again(partial(self._quarantine, script_id))

    def _quarantine(self, script_id: int) -> None:
        with self._unit_of_work.script(script_id, wait=True) as tx:
            if not tx.head.version:
                tx.heads.remove_unborn(script_id)
            elif tx.head.health == "open":
                tx.heads.set_health(script_id, "quarantined")

    def _arrivals(self, script_id: int) -> list[int]:
        """What waits for a script that is in service."""
        with self._unit_of_work.reading() as tx:
            head = tx.heads.get(script_id)
            return [] if head and head.health == "quarantined" else tx.inbox.arrivals(script_id)

    def _count_attempt(self, arrival: int) -> None:
        with self._unit_of_work.records() as tx:
            tx.inbox.count_attempt(arrival)

    def _take_back_attempt(self, arrival: int) -> None:
        with self._unit_of_work.records() as tx:
            tx.inbox.take_back_attempt(arrival)

    def _settle(self, script_id: int, only: int | None = None) -> _Round:
        """One unit of work: what waits, up to the first that was tried before; or one of it."""
        with self._unit_of_work.script(script_id) as tx:
            quarantined = tx.head.health == "quarantined"
            rows = [] if quarantined else _to_settle(tx, only)
            settlement = Settlement(tx, self._state(tx) if rows else State.empty(), self._clock())
            if rows:
                settlement.settle_waiting(rows)
                settlement.write()
            elif not tx.head.version:
                tx.heads.remove_unborn(script_id)
        if rows and settlement.state.exists:
            self._warm.put(settlement.head, settlement.state)
        answered = len(settlement.done)
        suspects = not quarantined and answered == len(rows) < len(tx.waiting)
        return _Round(answered, tx.more and not quarantined, suspects)

    def _submit_again(self, submission: Submission) -> Answer:
        try:
            return again(partial(self._submit, submission))
        except DriverError as error:
            if not blames_a_row(error):
                raise
            # Perhaps a row of what waits in front of it: those are then counted, and the submission overtakes them.
            with suppress(*DriverError):
                self.drain_one_by_one(submission.script_id)
            return again(partial(self._submit, submission))

    def _submit(self, submission: Submission) -> Answer:
        answer = None
        while answer is None:
            try:
                answer = self._submit_behind_waiting(submission)
            except DuplicateKey as error:
                # Whoever answered it had the lock before us, so the answer is there to be read.
                answer = self._answered_before(submission)
                if answer is None:
                    raise Corrupt(f"script {submission.script_id} holds rows its head does not know of") from error
        return answer

    def _submit_behind_waiting(self, submission: Submission) -> Answer | None:
        """One unit of work: what waits first, then the submission if there was room for it."""
        with self._unit_of_work.script(submission.script_id, wait=True) as tx:
            if tx.head.health == "quarantined":
                return _answered_in_time(tx, submission)
            settlement = Settlement(tx, self._state(tx), self._clock())
            rows = _to_settle(tx)
            settlement.settle_waiting(rows)
            waits_too = any(row.submission_id == submission.submission_id for row in rows)
            all_answered = len(settlement.done) == len(rows) < MOST_WAITING
            if all_answered and not waits_too and settlement.has_room():
                settlement.settle(submission)
            settlement.write()
        if settlement.state.exists:
            self._warm.put(settlement.head, settlement.state)
        return self._answered_before(submission) if waits_too else settlement.answers.get(submission.submission_id)

    def _answered_before(self, submission: Submission) -> Answer | None:
        with self._unit_of_work.reading() as tx:
            return _answer_of(tx, submission)

    def _state(self, tx: ScriptWork) -> State:
        reached("before state warmed")
        state = self._warmed(tx)
        reached("after state warmed")
        return state

    def _warmed(self, tx: ScriptWork) -> State:
        head = tx.head
        if head.version == 0:
            return State.empty()
        warm = self._warm.take(head)
        if warm is not None and _is_of_this_log(tx, warm):
            state = catch_up(tx, head, warm.state, head.version)
        else:
            state = load(tx, head, head.version)
        if state_hash_bytes(state.hash) != head.state_hash:
            raise Corrupt(f"the head of script {head.script_id} does not have the state hash of its last version")
        # This much is committed, whatever becomes of what follows.
        self._warm.put(head, state)
        return state


def _checked(submission: Submission) -> Submission:
    """A submission as it would have come out of the inbox: nothing made in process is trusted more."""
    try:
        data = encode_submission(submission)
    except UnicodeEncodeError:
        raise LoneSurrogate(field="the submission") from None
    return decode_submission(data)


def _to_settle(tx: ScriptWork, only: int | None = None) -> list[Waiting]:
    """What waits up to the first that was tried before, which is for `drain_one_by_one`; or that one."""
    if only is not None:
        return [row for row in tx.waiting if row.id == only]
    return list(takewhile(lambda row: row.attempts == 0, tx.waiting))


def _is_of_this_log(tx: ScriptWork, warm: Warm) -> bool:
    """Whether the command behind a warm state is in the log: after a backup was restored it may not be."""
    version = warm.state.version
    return version == tx.head.version or tx.commands.chain_hash(tx.script_id, version) == warm.chain_hash


def _answered_in_time(tx: ScriptWork, submission: Submission) -> Answer:
    """The answer from before the quarantine; Corrupt where there is none."""
    answer = _answer_of(tx, submission)
    if answer is None:
        raise Corrupt(f"script {submission.script_id} is quarantined")
    return answer


def _answer_of(tx: ScriptWork | RecordsWork, submission: Submission) -> Answer | None:
    found = tx.submissions.get(submission.script_id, submission.submission_id)
    if found is not None and found.content_hash != content_hash(submission):
        raise SameIdOtherContent(submission=submission.submission_id)
    return None if found is None else found.answer
