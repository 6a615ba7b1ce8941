"""Slot runner tests: every slot of a schedule runs once, with any number of beats and killed processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from repos.database.engine import open_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from workers.scheduling.slot_runner import SECOND, Missed, Schedule, SlotRunner

# A time at which every schedule below is due.
START = 1_800_000_000 * SECOND


class Clock:
    """A clock set by the test."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


class SlotLog:
    """The job of a schedule: records its slots."""

    def __init__(self) -> None:
        self.slots: list[int] = []

    def __call__(self, slot: int) -> Mapping[str, Any]:
        self.slots.append((slot - START) // SECOND)
        return {"noted": len(self.slots)}


@pytest.fixture
def unit_of_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitOfWork]:
    with open_engine(f"sqlite:///{tmp_path_factory.mktemp('slots')}/ledger.db") as engine:
        upgrade.upgrade(engine)
        yield UnitOfWork(engine)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runner(unit_of_work: UnitOfWork, clock: Clock) -> SlotRunner:
    return SlotRunner(unit_of_work, clock=clock)


def every_minute(log: SlotLog, missed: Missed = "once", lease: int = 300) -> Schedule:
    return Schedule("every-minute", every=60, lease=lease, missed=missed, run=log)


def test_a_slot_runs_once_with_any_number_of_ticks(runner: SlotRunner, clock: Clock) -> None:
    log = SlotLog()
    for _ in range(12):
        runner.tick(every_minute(log))
        clock.pass_seconds(10)

    assert log.slots == [0, 60]


def test_one_of_many_concurrent_beats_wins_the_slot(unit_of_work: UnitOfWork, clock: Clock) -> None:
    log = SlotLog()
    with ThreadPoolExecutor(8) as beats:
        ticks = [beats.submit(SlotRunner(unit_of_work, clock=clock).tick, every_minute(log)) for _ in range(8)]

    assert sum(len(tick.result()) for tick in ticks) == 1
    assert log.slots == [0]


@pytest.mark.parametrize(
    ("missed", "slots"),
    [("skip", [0, 240]), ("once", [0, 180, 240]), ("all", [0, 60, 120, 180, 240])],
)
def test_missed_slots_follow_the_policy(runner: SlotRunner, clock: Clock, missed: Missed, slots: list[int]) -> None:
    log = SlotLog()
    runner.tick(every_minute(log, missed))
    clock.pass_seconds(225)  # three slots passed without a tick, the last one 45 seconds ago
    runner.tick(every_minute(log, missed))
    clock.pass_seconds(20)
    runner.tick(every_minute(log, missed))

    assert log.slots == slots


def test_a_slot_of_a_dead_process_is_taken_over_after_its_lease(
    runner: SlotRunner, unit_of_work: UnitOfWork, clock: Clock
) -> None:
    log = SlotLog()
    with unit_of_work.records() as tx:
        dead = tx.slots.take("every-minute", START, now=START, until=START + 300 * SECOND)

    runner.tick(every_minute(log))
    assert log.slots == []

    clock.pass_seconds(301)
    runner.tick(every_minute(log, missed="skip"))
    assert log.slots[0] == 0

    assert dead is not None
    with unit_of_work.records() as tx:
        assert not tx.slots.finish(dead, "done", now=clock(), report=b"{}"), "a zombie closes nothing"


def test_a_failed_run_is_recorded_and_the_next_slot_runs(
    runner: SlotRunner, unit_of_work: UnitOfWork, clock: Clock
) -> None:
    def fail(_slot: int) -> Mapping[str, Any]:
        raise RuntimeError("the disk is full")

    runner.tick(Schedule("fails", every=60, lease=300, missed="once", run=fail))
    clock.pass_seconds(60)
    runner.tick(Schedule("fails", every=60, lease=300, missed="once", run=fail))

    with unit_of_work.reading() as tx:
        slots = tx.slots.read("fails")
    assert [(slot.state, slot.report) for slot in slots] == [("failed", b'{"error":"RuntimeError"}')] * 2
