"""scriptledger.keep_schedules: a tick of the timetable."""

from __future__ import annotations

from workers import bootstrap
from workers.app import app
from workers.fan_out import FanOut
from workers.schedules import schedules
from workers.timetable import Timetable


@app.task(name="scriptledger.keep_schedules")
def keep_schedules() -> None:
    """Run what is due and nobody else has taken."""
    timetable = Timetable(bootstrap.unit_of_work())
    for schedule in schedules(bootstrap.unit_of_work(), bootstrap.settings(), FanOut(app)):
        timetable.tick(schedule)
