"""Clocks that are wrong, or are set, cost a little time: nothing waits for them to be right again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.submissions.answer import encode_answer
from domain.submissions.submission import encode_submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes.history_checker import check_history
from tests.processes.journal import ProducerRecord
from tests.processes.true_history import submissions
from tests.processes.writers import beginning
from workers.process.task_names import DRAIN, DRAIN_ONE_BY_ONE
from workers.producers.producer import Producer
from workers.scheduling.reconciler import LEASE_SECONDS, Reconciler
from workers.scheduling.slot_runner import Schedule, SlotRunner

SECOND = 1_000_000
HOUR = 3_600 * SECOND
NOON = 1_800_000_000 * SECOND
RING_AGAIN_AFTER_SECONDS = 3.0


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


class RecordingBell:
    """A bell that records its rings."""

    def __init__(self) -> None:
        self.rung: list[tuple[int, str]] = []

    def ring(self, script_id: int, task: str = DRAIN) -> bool:
        self.rung.append((script_id, task))
        return True

    def waiting(self) -> int:
        return 0


class LostBell(RecordingBell):
    """A bell whose message is lost."""

    def ring(self, script_id: int, task: str = DRAIN) -> bool:  # noqa: ARG002
        return False


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table and nothing in them, to copy."""
    file = tmp_path_factory.mktemp("clocks") / "ledger.db"
    engine = make_engine(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture
def unit_of_work(tmp_path: Path, migrated: Path) -> Iterator[UnitOfWork]:
    engine = make_engine(f"sqlite:///{shutil.copy(migrated, tmp_path)}")
    yield UnitOfWork(engine)
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bell() -> RecordingBell:
    return RecordingBell()


def enqueue(unit_of_work: UnitOfWork, clock: Clock, *, ahead: int = 0) -> int:
    """Let a submission wait whose bell is lost, by a producer's clock that is ahead of ours; its script."""
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    Producer(unit_of_work, LostBell(), clock=lambda: clock.now + ahead).enqueue(beginning(script_id, 1))  # type: ignore[arg-type]
    return script_id


def reconciler(unit_of_work: UnitOfWork, bell: RecordingBell, clock: Clock) -> Reconciler:
    return Reconciler(unit_of_work, bell, ring_again_after=RING_AGAIN_AFTER_SECONDS, clock=clock)  # type: ignore[arg-type]


@pytest.mark.parametrize("ahead", [-HOUR, -SECOND, 0, SECOND, 10 * SECOND, HOUR])
def test_a_lost_bell_is_rung_again_whatever_the_producers_clock_says(unit_of_work, clock, bell, ahead: int):
    script_id = enqueue(unit_of_work, clock, ahead=ahead)
    ticking = reconciler(unit_of_work, bell, clock)

    for _ in range(5):
        clock.now += 2 * SECOND
        ticking.tick()

    assert bell.rung[:1] == [(script_id, DRAIN)]
    assert len(bell.rung) <= 3


def test_a_clock_set_back_does_not_stop_the_reconciler(unit_of_work, clock, bell):
    script_id = enqueue(unit_of_work, clock)
    ticking = reconciler(unit_of_work, bell, clock)
    clock.now += 4 * SECOND
    ticking.tick()

    clock.now -= HOUR
    for _ in range(10):
        clock.now += 2 * SECOND
        ticking.tick()

    assert len(bell.rung) >= 2
    assert {script for script, _ in bell.rung} == {script_id}


def test_a_lease_taken_by_a_clock_an_hour_ahead_is_not_kept_for_an_hour(unit_of_work, clock, bell):
    enqueue(unit_of_work, clock)
    clock.now += HOUR
    reconciler(unit_of_work, LostBell(), clock).tick()
    clock.now -= HOUR

    clock.now += int((LEASE_SECONDS + RING_AGAIN_AFTER_SECONDS + 1) * SECOND)
    other = reconciler(unit_of_work, bell, clock)
    for _ in range(5):
        clock.now += 2 * SECOND
        other.tick()

    assert bell.rung


def test_a_lease_is_respected_by_a_clock_a_little_behind(unit_of_work, clock, bell):
    reconciler(unit_of_work, bell, clock).tick()

    clock.now -= SECOND

    assert reconciler(unit_of_work, bell, clock).tick().reason == "another reconciler holds the lease"


def test_what_the_reconciler_remembers_of_a_script_is_about_what_waited_then(unit_of_work, clock, bell):
    script_id = enqueue(unit_of_work, clock)
    ticking = reconciler(unit_of_work, bell, clock)
    for _ in range(10):
        clock.now += 4 * SECOND
        ticking.tick()
    assert bell.rung[-1] == (script_id, DRAIN_ONE_BY_ONE)
    bell.rung.clear()

    # All of it is answered, but not before one more submission waits: the script never has an empty inbox at a tick.
    Ledger(unit_of_work, clock=clock).drain(script_id)
    submission = beginning(script_id, 1)
    with unit_of_work.records() as tx:
        tx.inbox.put(script_id, "later", encode_submission(submission), clock.now)
    clock.now += 4 * SECOND
    ticking.tick()

    assert bell.rung == [(script_id, DRAIN)]


def test_a_history_written_by_a_clock_that_jumps_is_true(unit_of_work, clock):
    ledger = Ledger(unit_of_work, clock=clock)
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    records, jumps = [], [HOUR, -2 * HOUR, 0, 5 * SECOND, -1, 30 * 24 * HOUR, -30 * 24 * HOUR, 1, -HOUR, HOUR]
    for place, (submission, jump) in enumerate(zip(submissions(script_id), jumps, strict=True), start=1):
        clock.now += jump
        answer = encode_answer(ledger.submit(submission))
        frame = ("one", place, script_id, submission.submission_id, encode_submission(submission))
        records.append(ProducerRecord(*frame, acknowledged=True, answers=(answer,)))

    with unit_of_work._engine.connect() as connection:
        assert check_history(connection, records) == []


def test_a_clock_set_back_runs_no_slot_twice(unit_of_work, clock):
    ran: list[int] = []
    schedule = Schedule("hourly", every=3_600, lease=60, missed="all", run=lambda slot: ran.append(slot) or {})
    runner = SlotRunner(unit_of_work, clock=clock)
    for jump in (0, HOUR, HOUR, -2 * HOUR, HOUR, HOUR, HOUR, -HOUR, 3 * HOUR):
        clock.now += jump
        runner.tick(schedule)

    assert len(ran) == len(set(ran)) == len(range(min(ran), max(ran) + 1, HOUR))
