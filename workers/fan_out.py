"""Fan-out: the scripts of a materialization run, one message each. A lost one is sent again by the next tick."""

from __future__ import annotations

from celery import Celery

MATERIALIZE = "scriptledger.materialize"
QUEUE = "materialization"
EXPIRES_SECONDS = 60
"""As long as the interval of the schedule, whose next tick hands out again what is still due."""


class FanOut:
    """Hands out the scripts of runs through one app."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def send(self, run_id: int, script_id: int) -> None:
        """Hand out one script of a run."""
        self._app.send_task(
            MATERIALIZE,
            args=(run_id, script_id),
            queue=QUEUE,
            expires=EXPIRES_SECONDS,
            ignore_result=True,
            argsrepr=f"({run_id}, {script_id})",
            kwargsrepr="{}",
        )

    def waiting(self) -> int:
        """How many messages nobody has taken yet."""
        with self._app.connection_for_read() as connection:
            try:
                return int(connection.default_channel.queue_declare(QUEUE, passive=True).message_count)
            except connection.channel_errors:
                return 0  # nothing was handed out since the broker began
