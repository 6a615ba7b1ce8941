"""Backfill slices: many saves of one script, decided and written in one transaction, with what the backfill records.

A slice passes the same settlement as every other submission. It differs in one point: a refused save ends the slice and
is neither answered nor kept, so that it can be repaired and sent again under the same id.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from hashlib import sha256
from typing import Final, NamedTuple, NoReturn, Protocol

from msgspec.structs import replace

from domain.errors import Corrupt, Rejected
from domain.log.head import Head, Health
from domain.refusals import ScriptNotBeingBackfilled
from domain.script.state import State
from domain.submissions.answer import Answer, Refusal
from domain.submissions.submission import Submission
from materialization.clock import system_clock
from materialization.integrity.quarantine import Quarantined, quarantine
from materialization.integrity.second_look import look_twice
from materialization.retry import with_retries
from materialization.submissions.in_process_check import checked
from materialization.write_path.ai_limits import USUAL
from materialization.write_path.arrivals import Arrival
from materialization.write_path.settlement import Settlement
from materialization.write_path.single_script import SingleScript
from materialization.write_path.warm_states import WarmStates
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork

# A slice ends after the save that reaches one of these: other work of the script's worker waits for it, and the rows
# of a slice are in memory until its commit.
SLICE_SECONDS: Final = 10.0
MAX_SLICE_BYTES: Final = 16 << 20
MAX_SLICE_VERSIONS: Final = 5_000
# So many bytes of the log are sent before the slice is complete: the server writes while the next saves are decided.
BYTES_AHEAD: Final = 64 << 10


class Saves(Protocol):
    """The saves of one script that are still to be written, as submissions of the author `backfill`."""

    @property
    def weight(self) -> int:
        """The bytes that `record` will write."""

    def begin(self, tx: LockedScript, state: State, now: int) -> None:
        """Start from what is committed. Called again for each attempt at a transaction; no time may be after `now`."""

    def next(self, state: State) -> Submission | Unchanged | None:
        """The next save, as a submission for this state, or `UNCHANGED` if it equals the state; None at the end."""

    def accepted(self, state: State) -> None:
        """Note that the last submission is part of this state."""

    def record(self, tx: LockedScript, written: Slice) -> None:
        """Write what the backfill keeps of a slice; it is committed with the slice, or not at all."""


class Unchanged(Enum):
    """A save that needs no command."""

    UNCHANGED = auto()


UNCHANGED: Final = Unchanged.UNCHANGED


class Slice(NamedTuple):
    """The answers to the saves of a slice, in order; whether saves may be left; and why the next one was refused."""

    answers: tuple[Answer, ...]
    more: bool
    refusal: Refusal | None = None


class BackfillLedger:
    """The write side of a backfill: every backfilled version is created here."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        *,
        warm: WarmStates | None = None,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._warm = WarmStates() if warm is None else warm
        self._clock = clock
        self._slices = _Slices(unit_of_work, self._warm, clock, USUAL)

    def write(self, script_id: int, saves: Saves, seconds: float = SLICE_SECONDS, *, hold: bool = False) -> Slice:
        """Write as many saves as one slice takes, and record them in the same transaction.

        With `hold`, the first slice begins the backfill mode of the script and the last one ends it, each in its own
        transaction: a script that one slice completes costs one commit instead of three.

        Raises:
            ScriptNotBeingBackfilled: the script is open for everyone; begin its backfill first, or `hold` it.
            Conflict: every attempt met one; nothing is written, or the last attempt is: `begin` sees which.
            Corrupt: the script is quarantined.
        """
        work = partial(with_retries, partial(self._slices.write, script_id, saves, seconds, hold=hold))
        try:
            return look_twice(self._unit_of_work, script_id, work, forget=self._warm.forget)
        except Corrupt as found:
            self._warm.forget(script_id)
            quarantine(self._unit_of_work, script_id, found_by="backfill", reason=str(found), now=self._clock())
            raise


class _Slices(SingleScript):
    """The units of work of a backfill on one script."""

    def write(self, script_id: int, saves: Saves, seconds: float, *, hold: bool) -> Slice:
        with self._unit_of_work.script(script_id, wait=True) as tx:
            stored = tx.head.health
            if stored == "quarantined":
                raise Quarantined(f"script {script_id} is quarantined")
            if stored != "backfilling":
                if not hold:
                    raise ScriptNotBeingBackfilled(script=script_id)
                tx.head = replace(tx.head, health="backfilling")
            state = self._state(tx)
            now = self._clock()
            settlement = _AcceptedOnly(tx, state, now, limits=self._limits)
            saves.begin(tx, state, now)
            written = _apply_saves(settlement, saves, time.monotonic() + seconds)
            if hold and not written.more:
                settlement.head = replace(settlement.head, health="open")
            settlement.write()
            if settlement.state.version == state.version:
                _keep_health(tx, settlement.head, stored)
            if state.exists and settlement.state.version > state.version:
                tx.scripts.keep_times(script_id, state.version, settlement.state.version)
            saves.record(tx, written)
        self._committed(settlement)
        return written


def _keep_health(tx: LockedScript, head: Head, stored: Health) -> None:
    """Write the health of a head that the slice did not advance; a provisional one is removed already."""
    if head.health != stored and not head.provisional:
        tx.heads.set_health(tx.script_id, head.health)


class _SaveRefused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class _AcceptedOnly(Settlement):
    """A settlement in which a refused submission leaves nothing.

    What was accepted may be sent before the next submission is decided: nothing takes it back but the end of the
    transaction.
    """

    _sent_bytes = 0

    @property
    def unsent_bytes(self) -> int:
        """The bytes added to the log that the database does not have yet."""
        return self._bytes - self._sent_bytes

    def write_ahead(self) -> None:
        """Let a server write what was accepted so far, while the next saves are decided."""
        self._tx.append(self._entries[self._sent :], self._versions, self._keyframes)
        self._tx.flush_ahead()
        self._sent, self._sent_bytes = len(self._entries), self._bytes
        self._versions, self._keyframes = [], []

    def accept(self, submission: Submission, arrival: Arrival) -> None:
        """Apply a submission that arrived without its payload."""
        self._tx.require_room("submission", arrival.size or 0)
        self._apply(submission, arrival)

    def _refuse(self, arrival: Arrival, refusal: Refusal) -> NoReturn:  # noqa: ARG002 - nothing of the arrival is kept
        raise _SaveRefused(refusal)


def _arrived(submission: Submission) -> tuple[Submission, Arrival]:
    """A checked submission; its payload, of up to 16 MiB, would only be kept if it were refused."""
    submission, payload = checked(submission)
    return submission, Arrival(submission.submission_id, b"", sha256(payload).digest(), size=len(payload))


def _apply_saves(settlement: _AcceptedOnly, saves: Saves, deadline: float) -> Slice:
    start = settlement.state.version
    while (submission := saves.next(settlement.state)) is not None:
        try:
            if submission is not UNCHANGED:
                submission, arrival = _arrived(submission)
                settlement.accept(submission, arrival)
                saves.accepted(settlement.state)
        except _SaveRefused as refused:
            return Slice(tuple(settlement.answers.values()), more=True, refusal=refused.refusal)
        except Rejected as refusal:
            return Slice(tuple(settlement.answers.values()), more=True, refusal=Refusal.of(refusal))
        bytes_to_write = settlement.weight + saves.weight
        full = bytes_to_write >= MAX_SLICE_BYTES or settlement.state.version - start >= MAX_SLICE_VERSIONS
        if full or time.monotonic() >= deadline:
            return Slice(tuple(settlement.answers.values()), more=True)
        if settlement.unsent_bytes >= BYTES_AHEAD:
            settlement.write_ahead()
        del submission  # or its lines would stay while the next save is read
    return Slice(tuple(settlement.answers.values()), more=False)
