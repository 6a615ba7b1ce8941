"""While drains are paused, bells are taken and nothing is answered, tried or counted; afterwards everything is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from domain.commands.kinds.script_create import ScriptCreate
from domain.submissions.submission import Submission, encode_submission
from materialization.submissions.drain_pauses import LOOK_SECONDS, PauseWatch, pause_drains, resume_drains
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from workers.draining.drain_log import DrainLog
from workers.draining.drain_runner import Draining
from workers.draining.suspect_slots import SuspectSlots
from workers.draining.taken_bells import TakenBells
from workers.messaging.bell import Bell
from workers.process.task_names import DRAIN

SCRIPTS = (1, 2, 3)


class QueuedBells(Bell):
    """A queue of bells in memory."""

    def __init__(self) -> None:
        self.queued: list[int] = []
        self.rung: list[int] = []

    def take(self, limit: int) -> list[int]:
        taken, self.queued = self.queued[:limit], self.queued[limit:]
        return taken

    def ring(self, script_id: int, task: str = DRAIN) -> bool:  # noqa: ARG002 - of a bell
        self.rung.append(script_id)
        return True


class Place:
    """A ledger on SQLite with a pending submission for each of three scripts, and the drains of one process."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work
        self.bell = QueuedBells()
        self.now = 0.0
        watch = PauseWatch(lambda: unit_of_work, clock=lambda: self.now)
        self.draining = Draining(Ledger(unit_of_work), self.bell, TakenBells(), DrainLog(), watch)
        for script_id in SCRIPTS:
            submission = Submission(
                script_id=script_id,
                submission_id="first",
                author="user",
                base_version=0,
                commands=(ScriptCreate(title="A"),),
            )
            with unit_of_work.records() as tx:
                tx.inbox.put(script_id, "first", encode_submission(submission), 1)

    def later(self) -> None:
        self.now += LOOK_SECONDS

    def pending(self) -> int:
        with self.unit_of_work.reading() as tx:
            return sum(row.waiting for row in tx.inbox.waiting(before=2, after=3, limit=10))

    def attempts(self) -> int:
        with self.unit_of_work.reading() as tx:
            return sum(row.attempts for row in tx.inbox.waiting(before=2, after=3, limit=10))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_engine(f"sqlite:///{tmp_path / 'ledger.db'}") as engine:
        upgrade(engine)
        yield Place(UnitOfWork(engine))


def test_bells_of_a_pause_answer_nothing_and_ring_nothing(place: Place):
    pause_drains(place.unit_of_work, "ana", "")
    place.bell.queued = [2, 3]

    assert place.draining.drain(uuid4().hex, 1) == 0
    assert place.draining.drain_deep(uuid4().hex, 2) == 0
    slots = SuspectSlots(2)
    assert place.draining.drain_one_by_one(uuid4().hex, 3, slots) == 0
    slots._file.close()

    assert (place.pending(), place.attempts()) == (3, 0)
    assert place.bell.rung == []


def test_after_the_pause_the_same_bells_are_answered(place: Place):
    pause_drains(place.unit_of_work, "ana", "")
    assert place.draining.drain(uuid4().hex, 1) == 0

    # At once, as `drains resume` rings: a bell that is dropped now would have to wait for the reconciler.
    resume_drains(place.unit_of_work, "ana")
    place.bell.queued = [2, 3]
    assert place.draining.drain(uuid4().hex, 1) == 3
    assert place.pending() == 0


def test_a_running_worker_stops_within_a_second(place: Place):
    assert place.draining.drain(uuid4().hex, 1) == 1
    pause_drains(place.unit_of_work, "ana", "")
    place.later()
    assert place.draining.drain(uuid4().hex, 2) == 0
    assert place.pending() == 2
