"""Units of work on a single script: lock the head, apply, write, commit, re-check the inbox.

`submit` handles their failures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from domain.errors import Corrupt
from domain.refusals import SameIdOtherContent
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, content_hash
from materialization.history.state_at import load
from materialization.integrity.quarantine import Quarantined
from materialization.write_path.ai_limits import AiLimits
from materialization.write_path.settlement import Settlement
from materialization.write_path.warm_states import WarmStates, is_state_of
from repos.database.driver_errors import DuplicateKey
from repos.fault_points import fault_point
from repos.locked_scripts import LockedScript
from repos.log.head_lock_statements import MAX_INBOX_BATCH
from repos.log.heads import InboxRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork


class DrainResult(NamedTuple):
    """How many submissions were answered, whether any are pending, and whether one of those was tried before.

    `work` is the work units spent on deciding them.
    """

    answered: int
    more: bool
    suspects: bool = False
    work: int = 0


class SingleScript:
    """Runs the units of work that append to the log of one script."""

    def __init__(self, unit_of_work: UnitOfWork, warm: WarmStates, clock: Callable[[], int], limits: AiLimits) -> None:
        self._unit_of_work = unit_of_work
        self._warm = warm
        self._clock = clock
        self._limits = limits
        # Called with each unit of work once its COMMIT is answered.
        self.listeners: list[Callable[[Settlement], object]] = []

    def drain(self, script_id: int, only: int | None = None) -> DrainResult:
        """Answer the pending submissions up to the first that was tried before; or only the inbox row `only`.

        Raises:
            HeadLocked: another worker holds the head.
            Corrupt: what is stored contradicts itself.
        """
        try:
            return self._drain(script_id, only)
        except DuplicateKey as error:
            # With the head locked no other worker writes these keys, and an existing answer is not written again.
            raise _unknown_rows(script_id) from error

    def submit(self, submission: Submission, payload: bytes) -> tuple[Answer | None, bool]:
        """Wait for the lock, answer the pending submissions, then this one; `payload` is its canonical encoding.

        Returns its answer, None if the pending ones left no room for it; and whether any are pending now.

        Raises:
            SameIdOtherContent: its id was already used for other content.
            Corrupt: the script is quarantined, or what is stored contradicts itself.
        """
        try:
            return self._submit(submission, payload)
        except DuplicateKey as error:
            # The worker that answered it held the lock before us, so the answer is committed.
            with self._unit_of_work.reading() as tx:
                answer, more = _answer_of(tx, submission), bool(tx.inbox.arrivals(submission.script_id))
            if answer is None:
                raise _unknown_rows(submission.script_id) from error
            return answer, more

    def _drain(self, script_id: int, only: int | None) -> DrainResult:
        with self._unit_of_work.script(script_id) as tx:
            quarantined = tx.head.health == "quarantined"
            rows = [] if quarantined else _rows_to_apply(tx, only)
            state = self._state(tx) if rows else State.empty()
            settlement = Settlement(tx, state, self._clock(), limits=self._limits)
            if rows:
                settlement.apply_inbox(rows)
                settlement.write()
            elif tx.head.provisional:
                tx.heads.remove_unborn(script_id)
        if quarantined:
            return DrainResult(0, more=False)
        self._committed(settlement)
        answered = len(settlement.done)
        return DrainResult(answered, tx.more, suspects=answered == len(rows) < len(tx.waiting), work=settlement.work)

    def _submit(self, submission: Submission, payload: bytes) -> tuple[Answer | None, bool]:
        with self._unit_of_work.script(submission.script_id, wait=True) as tx:
            if tx.head.health == "quarantined":
                return _answered_in_time(tx, submission), False
            settlement = Settlement(tx, self._state(tx), self._clock(), limits=self._limits)
            waits_too, has_room = False, True
            if tx.waiting:
                rows = _rows_to_apply(tx)
                settlement.apply_inbox(rows)
                waits_too = submission.submission_id in [row.submission_id for row in rows]
                has_room = len(settlement.done) == len(rows) < MAX_INBOX_BATCH and settlement.has_room()
            if has_room and not waits_too:
                settlement.apply(submission, payload)
            settlement.write()
        self._committed(settlement)
        if not waits_too:
            return settlement.answers.get(submission.submission_id), tx.more
        with self._unit_of_work.reading() as reading:
            return _answer_of(reading, submission), tx.more

    def _state(self, tx: LockedScript) -> State:
        fault_point("before state warmed")
        state = self._warmed(tx)
        fault_point("after state warmed")
        return state

    def _warmed(self, tx: LockedScript) -> State:
        head = tx.head
        if head.version == 0:
            return State.empty()
        state = self._warm.at_head(head)
        if state is None:
            [state] = self._warm.load(tx, [head])
        if state is not None:
            return state
        state = load(tx, head, head.version)
        if not is_state_of(head, state):
            raise Corrupt(f"the head of script {head.script_id} does not have the state hash of its last version")
        # The state at this head is committed, whether or not this transaction commits.
        self._warm.put(head, state)
        return state

    def _committed(self, settlement: Settlement) -> None:
        if settlement.state.exists:
            self._warm.put(settlement.head, settlement.state)
        for listener in self.listeners:
            listener(settlement)


def _rows_to_apply(tx: LockedScript, only: int | None = None) -> list[InboxRow]:
    """The pending rows up to the first that was tried before, which is counted and tried alone; or the row `only`."""
    if only is not None:
        return [row for row in tx.waiting if row.id == only]
    rows: list[InboxRow] = []
    for row in tx.waiting:
        if row.attempts != 0:
            break
        rows.append(row)
    return rows


def _answered_in_time(tx: LockedScript, submission: Submission) -> Answer:
    """The answer from before the quarantine; raises Quarantined if there is none."""
    answer = _answer_of(tx, submission)
    if answer is None:
        raise Quarantined(f"script {submission.script_id} is quarantined")
    return answer


def _answer_of(tx: LockedScript | RecordsTransaction, submission: Submission) -> Answer | None:
    found = tx.submissions.get(submission.script_id, submission.submission_id)
    if found is not None and found.content_hash != content_hash(submission):
        raise SameIdOtherContent(submission=submission.submission_id)
    return None if found is None else found.answer


def _unknown_rows(script_id: int) -> Corrupt:
    return Corrupt(f"script {script_id} holds rows that its head does not know of")
