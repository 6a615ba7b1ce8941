"""The bell: a message that names a script, and nothing else. It may be lost or late; the row it rings for is not."""

from __future__ import annotations

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

DRAIN = "scriptledger.drain"
DRAIN_ONE_BY_ONE = "scriptledger.drain_one_by_one"
QUEUE = "commands"
PATIENCE_SECONDS = 0.4
"""How long to wait for the broker. Half a second is what a producer's request can spare."""

log = structlog.get_logger(__name__)


class Bell:
    """Rings for scripts through one app. Never raises, never waits longer than half a second.

    `heard` is whether the broker took the last ring.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self.heard = True

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        """Say that something waits for a script; whether the broker took it."""
        try:
            with self._app.producer_or_acquire() as producer:
                self._app.send_task(
                    task,
                    args=(script_id,),
                    queue=QUEUE,
                    producer=producer,
                    ignore_result=True,
                    argsrepr=f"({script_id},)",
                    kwargsrepr="{}",
                    retry=False,
                )
        except (OperationalError, OSError) as error:
            log.warning("bell.unheard", script_id=script_id, problem=str(error))
            self.heard = False
        else:
            self.heard = True
        return self.heard

    def waiting(self) -> int:
        """How many bells nobody has answered yet; 0 where the broker has no such queue, or does not say."""
        with self._app.connection_for_read() as connection:
            try:
                connection.ensure_connection(max_retries=1, timeout=PATIENCE_SECONDS)
                return int(connection.default_channel.queue_declare(QUEUE, passive=True).message_count)
            except (*connection.connection_errors, *connection.channel_errors, OperationalError):
                return 0


def bell_at(broker_url: str) -> Bell:
    """A bell for a producer that has no app of its own: nothing but the broker is configured."""
    app = Celery("scriptledger", broker=broker_url, set_as_current=False)
    app.config_from_object("celeryconfig")
    return Bell(app)
