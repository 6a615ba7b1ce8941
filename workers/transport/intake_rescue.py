"""Rescue of a message of the intake that Redis let go and does not take back: straight into the database.

Called in the main process of a worker, between two of its messages. It waits for the database as long as it takes:
until then, this process holds all there is of an edit.
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
    """Rings for nothing: the broker is what does not work. The reconciler finds the submission."""

    def __init__(self) -> None:
        """It has no broker."""

    def ring(self, script_id: int, task: str = DRAIN) -> bool:  # noqa: ARG002 - as the bell that rings
        """Leave it to the reconciler."""
        return False


def keep_in_database(task: str, body: bytes, message_id: str) -> None:
    """Put what a message of the intake holds into the inbox, or among the dead letters."""
    [args, _, _] = json.loads(body)
    attempt = 0
    while True:
        try:
            _keep(task, args, message_id)
        except Exception as error:  # whatever the database says
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
        intake.set_aside(b64decode(payload), Undecodable(problem=problem), name)
    else:
        intake.take_message(args, {}, message_id)
