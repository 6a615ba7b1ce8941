"""The app of workers and beats that keep the schedules of `tests.faults.schedule_log`, and nothing else."""

from __future__ import annotations

from typing import Any

from celery import Celery

from tests.faults.schedule_log import clock, schedules
from workers import bootstrap
from workers.app import app
from workers.process.task_names import ID_TASKS
from workers.scheduling.slot_runner import SlotRunner

TICK = "tests.keep_diaries"
# The message guard refuses tasks that it does not know.
ID_TASKS["upkeep"][TICK] = 0


@app.task(name=TICK)
def keep_diaries() -> None:
    """What `scriptledger.keep_schedules` does, for these schedules."""
    runner = SlotRunner(bootstrap.unit_of_work(), clock=clock)
    for schedule in schedules():
        runner.tick(schedule)


@app.on_after_configure.connect(weak=False)
def tick_often(sender: Celery, **_: Any) -> None:
    """Let a beat tick twice while a slot passes."""
    options = {"expires": 30, "queue": "upkeep"}
    sender.conf.beat_schedule = {"diaries": {"task": TICK, "schedule": 0.1, "options": options}}
