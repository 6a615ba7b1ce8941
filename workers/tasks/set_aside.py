"""scriptledger.set_aside: what came to the intake and is no task."""

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
    """Keep the body of a message among the dead letters, with what is wrong with it."""
    taking = Intake(bootstrap.unit_of_work(), bell())
    keep = partial(taking.set_aside, b64decode(body), Undecodable(problem=problem), message)
    deliver(self, (body, problem, message), {}, work=keep, last_resort=keep)
