"""scriptledger.intake: takes in a submission of a producer without database access."""

from __future__ import annotations

from functools import partial

from celery import Task

from domain.refusals import Poison
from workers import bootstrap
from workers.app import app, bell
from workers.intake.intake import Intake
from workers.intake.redelivery import MAX_DELIVERIES, deliver
from workers.process.task_names import INTAKE


# Without events: the headers of a message may contain the whole script, and Flower would show it.
@app.task(name=INTAKE, bind=True, acks_on_timeout=False, send_events=False)
def intake(self: Task, *args: object, **kwargs: object) -> None:
    """Put a submission into the inbox."""
    taking = Intake(bootstrap.unit_of_work(), bell())
    message = self.request.id
    deliver(
        self,
        args,
        kwargs,
        work=partial(taking.take_message, args, kwargs, message),
        last_resort=partial(taking.keep_rejected_message, args, kwargs, Poison(attempts=MAX_DELIVERIES), message),
    )
