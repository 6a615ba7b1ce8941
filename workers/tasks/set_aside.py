"""scriptledger.set_aside: keeps a malformed message of the intake as a dead letter."""

from __future__ import annotations

from base64 import b64decode
from functools import partial

from celery import Task

from domain.refusals import Undecodable
from workers import bootstrap
from workers.app import app, bell
from workers.intake.intake import Intake
from workers.intake.redelivery import deliver
from workers.process.task_names import SET_ASIDE


@app.task(name=SET_ASIDE, bind=True, acks_on_timeout=False, send_events=False)
def set_aside(self: Task, body: str, problem: str, message: str) -> None:
    """Keep the body of a message as a dead letter, with its problem."""
    taking = Intake(bootstrap.unit_of_work(), bell())
    keep = partial(taking.keep_rejected, b64decode(body), Undecodable(problem=problem), message)
    deliver(self, (body, problem, message), {}, work=keep, last_resort=keep)
