"""Run messages: one for each script of a materialization run. The next tick sends a lost one again."""

from __future__ import annotations

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError

from workers.messaging.broker_check import BrokerUnreachable
from workers.messaging.broker_trouble import cause_of, refusals
from workers.messaging.task_message import Envelope
from workers.process import outages
from workers.process.safe_errors import problem_of
from workers.process.task_names import MATERIALIZE

QUEUE = "materialization"
# Equal to the interval of the schedule: its next tick sends the scripts that are still due again.
EXPIRES_SECONDS = 60


class FanOut:
    """Sends the scripts of runs to workers through one app."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._envelope = Envelope(app, MATERIALIZE, QUEUE, expires=EXPIRES_SECONDS)

    def send(self, run_id: int, script_id: int) -> None:
        """Send one script of a run."""
        self.send_all([(run_id, script_id)])

    def send_all(self, scripts: Iterable[tuple[int, int]]) -> None:
        """Send many scripts: pairs of run id and script id."""
        with self._app.producer_pool.acquire(block=True) as producer:
            broker = producer.connection
            try:
                self._envelope.send_all(producer, scripts)
            except (*broker.connection_errors, *broker.channel_errors, BatchPublishError, OperationalError) as error:
                refusals.warning("fan_out.unheard", problem=type(error).__name__)

    def waiting(self) -> int:
        """The number of messages in the queue.

        Raises:
            BrokerUnreachable: the broker did not accept the connection.
        """
        with self._app.connection_for_read() as connection:
            try:
                count = int(connection.default_channel.queue_declare(QUEUE, passive=True).message_count)
            except connection.channel_errors:
                count = 0  # nothing was sent since the broker started
            except OperationalError as error:
                raise BrokerUnreachable(problem_of(cause_of(error))) from error
        outages.broker().answered()
        return count
