"""Session pruning tests: a schedule removes expired sessions after a month."""

from __future__ import annotations

from sqlalchemy import Engine

from domain.accounts import KEEP_SESSIONS_DAYS
from repos.unit_of_work import UnitOfWork
from workers.scheduling.schedules import DAY, schedules
from workers.scheduling.slot_runner import SECOND
from workers.settings import Settings


class NothingToHandOut:
    def send(self, run_id: int, script_id: int, /) -> None:
        raise AssertionError((run_id, script_id))

    def waiting(self) -> int:
        return 0


def test_sessions_are_pruned_a_month_after_they_expired(migrated: Engine):
    unit_of_work = UnitOfWork(migrated)
    slot = 10**15
    long_ago = slot - KEEP_SESSIONS_DAYS * DAY * SECOND
    with unit_of_work.records() as tx:
        user = tx.users.add("pruned@room.example", 1)
        sessions = [tx.sign_ins.open(user, 1, until=until).id for until in (long_ago - 1, long_ago, slot)]
    (due,) = [
        schedule
        for schedule in schedules(unit_of_work, Settings(), NothingToHandOut())
        if schedule.name == "prune-sessions"
    ]

    report = due.run(slot)

    assert report["pruned"]
    with unit_of_work.reading() as tx:
        assert [row.id for row in tx.sign_ins.read(user)] == sessions[1:]
