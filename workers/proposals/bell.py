"""The bell for proposals: a message that only names a proposal. The next tick rings again for a lost one."""

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
# By then a tick has rung again for a proposal that is still queued.
EXPIRES_SECONDS = 5 * MINUTE


class ProposalBell:
    """Rings for proposals through one app. Never raises, and never blocks longer than half a second."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connections = BrokerConnections(app)

    @classmethod
    def at(cls, broker_url: str) -> ProposalBell:
        """A bell for a process that only sends messages."""
        return cls(producing_app(broker_url))

    def ring(self, proposal_id: int) -> bool:
        """Send a bell for a queued proposal; return whether the broker took it."""
        try:
            with self._connections.producer() as producer:
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
        except self._connections.delivery_errors as error:
            refusals.warning("proposal_bell.unheard", proposal_id=proposal_id, problem=describe(error))
            return False
        return True

    def schedule(self, unit_of_work: UnitOfWork) -> Schedule:
        """A schedule that rings every minute for proposals queued a minute ago or earlier that no job holds."""

        def ring_again(slot: int) -> dict[str, int]:  # noqa: ARG001 - every slot rings for all that are due now
            now = system_clock()
            with unit_of_work.reading() as tx:
                pending_ids = tx.proposals.waiting(now=now, before=now - MINUTE * SECOND)
            return {"rang": sum(self.ring(proposal_id) for proposal_id in pending_ids)}

        return Schedule("hand-out-proposals", every=MINUTE, lease=MINUTE, missed="once", run=ring_again)
