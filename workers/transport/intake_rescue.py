"""Intake rescue: stores a message of the intake in the database after Redis delivered it and refuses to take it back.

Called in the main process of a worker, between two messages. It waits for the database without a timeout, because this
process holds the only copy of an edit.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode

import structlog
from celery.worker.state import maybe_shutdown

from domain.refusals import Undecodable
from workers import bootstrap
from workers.intake.intake import Intake
from workers.intake.redelivery import MAX_DELIVERIES, blames_the_message
from workers.messaging.bell import Bell
from workers.monitoring.health import beat
from workers.process.task_names import DRAIN, SET_ASIDE

PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class _NoBell(Bell):
    """A bell that sends nothing, because the broker does not work. The reconciler finds the submission."""

    def __init__(self) -> None:
        """No broker is needed."""

    def ring(self, script_id: int, task: str = DRAIN) -> bool:  # noqa: ARG002 - as the bell that rings
        """Leave it to the reconciler."""
        return False


def keep_in_database(task: str, body: bytes, message_id: str) -> None:
    """Put the content of an intake message into the inbox, or keep it as a dead letter."""
    [args, _, _] = json.loads(body)
    attempt = 0
    while True:
        try:
            _keep(task, args, message_id)
        except Exception as error:  # any error of the database
            attempt += 1
            if blames_the_message(error) and attempt >= MAX_DELIVERIES:
                log.warning("intake.not_kept", message=message_id, problem=type(error).__name__)
                return
            if attempt == 1:
                log.warning("intake.waits_for_database", message=message_id, problem=type(error).__name__)
            beat()
            maybe_shutdown()
            time.sleep(PAUSE_SECONDS)
        else:
            log.warning("intake.kept_without_broker", message=message_id)
            return


def _keep(task: str, args: list[str], message_id: str) -> None:
    intake = Intake(bootstrap.unit_of_work(), _NoBell())
    if task == SET_ASIDE:
        payload, problem, name = args
        intake.keep_rejected(b64decode(payload), Undecodable(problem=problem), name)
    else:
        intake.take_message(args, {}, message_id)
