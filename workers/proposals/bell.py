"""The bell for proposals: a message that names one, and nothing else. A lost one is rung again by the next tick."""

from __future__ import annotations

from celery import Celery

from materialization.clock import system_clock
from repos.unit_of_work import UnitOfWork
from workers.messaging.broker_connections import BrokerConnections, describe, producing_app
from workers.messaging.broker_trouble import refusals
from workers.process.task_names import PROPOSE
from workers.scheduling.slot_runner import SECOND, Schedule

QUEUE = "proposals"
MINUTE = 60
EXPIRES_SECONDS = 5 * MINUTE
"""By then a tick has rung again for what is still queued."""


class ProposalBell:
    """Rings for proposals through one app. Never raises, never waits longer than half a second."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._line = BrokerConnections(app)

    @classmethod
    def at(cls, broker_url: str) -> ProposalBell:
        """A bell for a process that only produces."""
        return cls(producing_app(broker_url))

    def ring(self, proposal_id: int) -> bool:
        """Say that a proposal is queued; whether the broker took it."""
        try:
            with self._line.producer() as producer:
                self._app.send_task(
                    PROPOSE,
                    args=(proposal_id,),
                    queue=QUEUE,
                    producer=producer,
                    expires=EXPIRES_SECONDS,
                    ignore_result=True,
                    argsrepr=f"({proposal_id},)",
                    kwargsrepr="{}",
                    retry=False,
                )
        except self._line.unheard as error:
            refusals.warning("proposal_bell.unheard", proposal_id=proposal_id, problem=describe(error))
            return False
        return True

    def schedule(self, unit_of_work: UnitOfWork) -> Schedule:
        """Ring again, every minute, for what was queued a minute ago and no job holds."""

        def ring_again(slot: int) -> dict[str, int]:  # noqa: ARG001 - what is due does not depend on it
            now = system_clock()
            with unit_of_work.reading() as tx:
                waiting = tx.proposals.waiting(now=now, before=now - MINUTE * SECOND)
            return {"rang": sum(self.ring(proposal_id) for proposal_id in waiting)}

        return Schedule("hand-out-proposals", every=MINUTE, lease=MINUTE, missed="once", run=ring_again)
