"""The feeder of a run: sends due items to workers, within a window, and sends lost ones again.

Any number of processes may feed: an item that is sent twice is worked on once, because only one worker can claim it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from backfill.domains.registry import DOMAINS
from backfill.runs.progress import DomainState, domain_states
from backfill.runs.run_options import load_options
from backfill.runs.throttle import Throttle
from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork

WINDOW = 2_000
SECOND = 1_000_000
# An item that was sent this long ago, and is not in the queue, has lost its message.
LOST_AFTER_SECONDS = 10
# What the broker has held for longer has expired there.
EXPIRED_AFTER_SECONDS = 3_600

MAX_REASON = 256


class Messages(Protocol):
    """Sends items to workers."""

    def send_all(self, items: Sequence[int], /) -> bool:
        """Send items; returns whether the broker took them all."""

    def waiting(self) -> int | None:
        """The number of messages that no worker has taken; None if that is unknown."""


class Fed(NamedTuple):
    """What a turn of the feeder found: the run, its domains, how many items were sent, and why nothing is.

    `ended` is whether no item can move any more: the run is finished, or what is left waits for a decision.
    """

    run: BackfillRunRow
    domains: list[DomainState]
    sent: int
    held_by: str | None
    ended: bool

    @property
    def outstanding(self) -> int:
        """How many items workers have been sent and have not done."""
        return self.sent + sum(domain.outstanding for domain in self.domains)


class Feeder:
    """Feeds the active run."""

    def __init__(  # noqa: PLR0913 - half of them have defaults
        self,
        unit_of_work: UnitOfWork,
        messages: Messages,
        throttle: Throttle,
        *,
        window: int = WINDOW,
        lost_after: float = LOST_AFTER_SECONDS,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._messages = messages
        self._throttle = throttle
        self._window = window
        self._lost_after = lost_after
        self._clock = clock

    def feed(self, run_id: int | None = None) -> Fed | None:
        """Send what is due of the active run, or of this one; None if there is no run.

        A run whose items are all done is finished.

        Raises:
            Conflict: the database is unavailable; the next turn sends the same items.
        """
        return with_retries(lambda: self._feed(run_id))

    def _feed(self, run_id: int | None) -> Fed | None:
        with self._unit_of_work.reading() as tx:
            run = tx.backfill_runs.active() if run_id is None else tx.backfill_runs.get(run_id)
            if run is None:
                return None
            domains = domain_states(tx, run)
        if run.state != "running":
            return Fed(run, domains, 0, run.held_by, ended=run.active is None)
        if missing := [name for name in DOMAINS if name not in load_options(run.options).planned]:
            reason = f"the items of {', '.join(missing)} are not known yet: `scriptledger backfill run` finds them"
            return self._held(run, domains, reason)
        if all(domain.complete for domain in domains):
            return self._finish(run)
        if not any(domain.can_move for domain in domains):
            return self._held(run, domains, _undecided(domains), ended=True)
        return self._send(run, domains)

    def _send(self, run: BackfillRunRow, domains: list[DomainState]) -> Fed:
        waiting = self._messages.waiting()
        reason = "the broker does not respond" if waiting is None else self._throttle.reason()
        if waiting is None or reason is not None:
            return self._held(run, domains, reason or "")
        with self._unit_of_work.records() as tx:
            lost, due = self._choose(tx, run, domains, queued=waiting)
            tx.backfill_items.mark_sent(lost, now=self._clock(), again=True)
            tx.backfill_items.mark_sent(due, now=self._clock())
        chosen = lost + due
        if chosen and not self._messages.send_all(chosen):
            return self._held(run, domains, "the broker does not take messages")
        return Fed(run, domains, len(chosen), run.held_by, ended=False)

    def _choose(
        self, tx: RecordsTransaction, run: BackfillRunRow, domains: list[DomainState], *, queued: int
    ) -> tuple[list[int], list[int]]:
        """Items whose messages are lost, and those that are due."""
        now = self._clock()
        # While messages are queued, those of the items sent last are probably among them.
        lost_before = now - int((EXPIRED_AFTER_SECONDS if queued else self._lost_after) * SECOND)
        room = max(0, self._window - sum(domain.outstanding for domain in domains))
        lost: list[int] = []
        due: list[int] = []
        for domain in domains:
            if not domain.can_move or len(lost) + len(due) >= self._window:
                continue
            found = tx.backfill_items.next_to_send(
                run.id, domain.name, now=now, lost_before=lost_before, limit=self._window
            )
            lost += [item.id for item in found if item.state != "due"]
            due_here = [item.id for item in found if item.state == "due"][:room]
            room -= len(due_here)
            due += due_here
        return lost[: self._window], due[: max(0, self._window - len(lost))]

    def _finish(self, run: BackfillRunRow) -> Fed:
        with self._unit_of_work.records() as tx:
            # Its lock first: items may have been done again since they were counted.
            tx.backfill_runs.hold(run.id, None)
            domains = domain_states(tx, run)
            if not all(domain.complete for domain in domains):
                return Fed(run, domains, 0, None, ended=False)
            tx.backfill_runs.move(run.id, "finished", now=self._clock())
            ended = tx.backfill_runs.get(run.id)
        return Fed(ended or run, domains, 0, None, ended=True)

    def _held(self, run: BackfillRunRow, domains: list[DomainState], reason: str, *, ended: bool = False) -> Fed:
        reason = reason[:MAX_REASON]
        if run.held_by != reason:
            with self._unit_of_work.records() as tx:
                tx.backfill_runs.hold(run.id, reason)
        return Fed(run._replace(held_by=reason), domains, 0, reason, ended=ended)


def _undecided(domains: list[DomainState]) -> str:
    """Why nothing can move: the domains with something to decide."""
    return "; ".join(f"{domain.name}: {domain.problem}" for domain in domains if domain.problem)
