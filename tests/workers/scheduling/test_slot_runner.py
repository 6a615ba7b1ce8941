"""Every slot of a schedule runs once, whoever ticks and whoever dies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from repos.database.engine import open_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from workers.scheduling.slot_runner import SECOND, Missed, Schedule, SlotRunner

START = 1_800_000_000 * SECOND
"""A moment at which every schedule below is due."""


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


class Diary:
    """A schedule's work: it notes the slots it was run for."""

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
def timetable(unit_of_work: UnitOfWork, clock: Clock) -> SlotRunner:
    return SlotRunner(unit_of_work, clock=clock)


def every_minute(diary: Diary, missed: Missed = "once", lease: int = 300) -> Schedule:
    return Schedule("every-minute", every=60, lease=lease, missed=missed, run=diary)


def test_a_slot_runs_once_however_often_beats_tick(timetable: SlotRunner, clock: Clock) -> None:
    diary = Diary()
    for _ in range(12):
        timetable.tick(every_minute(diary))
        clock.pass_seconds(10)

    assert diary.slots == [0, 60]


def test_of_many_beats_at_once_one_wins_the_slot(unit_of_work: UnitOfWork, clock: Clock) -> None:
    diary = Diary()
    with ThreadPoolExecutor(8) as beats:
        ticks = [beats.submit(SlotRunner(unit_of_work, clock=clock).tick, every_minute(diary)) for _ in range(8)]

    assert sum(len(tick.result()) for tick in ticks) == 1
    assert diary.slots == [0]


@pytest.mark.parametrize(
    ("missed", "slots"),
    [("skip", [0, 240]), ("once", [0, 180, 240]), ("all", [0, 60, 120, 180, 240])],
)
def test_slots_that_were_missed_are_caught_up_by_rule(
    timetable: SlotRunner, clock: Clock, missed: Missed, slots: list[int]
) -> None:
    diary = Diary()
    timetable.tick(every_minute(diary, missed))
    clock.pass_seconds(225)  # three slots went by while nobody ticked, the last one 45 seconds ago
    timetable.tick(every_minute(diary, missed))
    clock.pass_seconds(20)
    timetable.tick(every_minute(diary, missed))

    assert diary.slots == slots


def test_a_slot_whose_taker_died_is_taken_over_once_its_lease_is_over(
    timetable: SlotRunner, unit_of_work: UnitOfWork, clock: Clock
) -> None:
    diary = Diary()
    with unit_of_work.records() as tx:
        dead = tx.slots.take("every-minute", START, now=START, until=START + 300 * SECOND)

    timetable.tick(every_minute(diary))
    assert diary.slots == []

    clock.pass_seconds(301)
    timetable.tick(every_minute(diary, missed="skip"))
    assert diary.slots[0] == 0

    assert dead is not None
    with unit_of_work.records() as tx:
        assert not tx.slots.finish(dead, "done", now=clock(), report=b"{}"), "a zombie closes nothing"


def test_a_run_that_fails_is_kept_as_failed_and_the_next_slot_runs(
    timetable: SlotRunner, unit_of_work: UnitOfWork, clock: Clock
) -> None:
    def fail(_slot: int) -> Mapping[str, Any]:
        raise RuntimeError("the disk is full")

    timetable.tick(Schedule("fails", every=60, lease=300, missed="once", run=fail))
    clock.pass_seconds(60)
    timetable.tick(Schedule("fails", every=60, lease=300, missed="once", run=fail))

    with unit_of_work.reading() as tx:
        slots = tx.slots.read("fails")
    assert [(slot.state, slot.report) for slot in slots] == [("failed", b'{"error":"RuntimeError"}')] * 2
