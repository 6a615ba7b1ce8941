"""scriptledger.keep_schedules: a tick of the slot runner."""

from __future__ import annotations

from workers import bootstrap
from workers.app import app
from workers.backfill.feeding_schedule import feeding_schedule
from workers.messaging.backfill_messages import BackfillMessages
from workers.messaging.run_messages import FanOut
from workers.process.task_names import KEEP_SCHEDULES
from workers.proposals.bell import ProposalBell
from workers.scheduling.schedules import schedules
from workers.scheduling.slot_runner import SlotRunner


@app.task(name=KEEP_SCHEDULES)
def keep_schedules() -> dict[str, list[str]]:
    """Run the due slots that no other process has taken; return their outcomes by schedule, for Flower."""
    ran: dict[str, list[str]] = {}
    unit_of_work = bootstrap.unit_of_work()
    runner = SlotRunner(unit_of_work)
    due = schedules(unit_of_work, bootstrap.settings(), FanOut(app))
    resent = [ProposalBell(app).schedule(unit_of_work), feeding_schedule(unit_of_work, BackfillMessages(app))]
    for schedule in [*due, *resent]:
        if slots := runner.tick(schedule):
            ran[schedule.name] = [str(slot.outcome) for slot in slots]
    return ran
